"""Brings cover images to groups: a form to upload one, a look at what came, and its removal.

S3 tells nobody of an upload. Whoever asks for the group looks for the image, with one read of S3
each time until the form has expired: another file may still come by it. After that, asking for the
group reads nothing from S3.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.errors import TryLaterError
from shared.domain.group.cover import FORM_TIME, AskedUpload, Cover, CoverFile, ImageType, type_of
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.object_keys import cover_key
from shared.ports.bucket import CoverImages
from shared.ports.groups import Groups


@dataclass(frozen=True)
class CoverPorts:
    """What cover images need of the world."""

    groups: Groups
    images: CoverImages


def request_cover_upload(
    enterprise: EnterpriseId,
    group_id: GroupId,
    image: ImageType,
    new_id: str,
    ports: CoverPorts,
    now: datetime,
) -> dict[str, Any]:
    """Make a form to upload a group's cover image with: its ``url`` and ``fields``.

    An earlier form whose image is not shown yet is forgotten.

    :raises NotFoundError: no such group in this enterprise.
    :raises TryLaterError: somebody else is changing the image.
    """
    old = settle_cover(ports.groups.get(enterprise, group_id), ports, now).cover
    key = cover_key(group_id, new_id)
    new = Cover(shown=old.shown, asked=AskedUpload(key=key, until=now + FORM_TIME))
    ports.groups.set_cover(enterprise, group_id, old, new)
    _drop(old, new, ports)
    return ports.images.upload_address(key, image)


def settle_cover(group: Group, ports: CoverPorts, now: datetime) -> Group:
    """Look for the image that a group waits for; return the group as it is then.

    Until the form expires, another file may come by it and is shown instead: S3 soon deletes a
    version that a newer one replaced. A file that is not an image is deleted, and the group says
    so; the image shown before stays.
    """
    cover = group.cover
    if cover.asked is None or group.deleting_since is not None:
        return group
    key = cover.asked.key
    asked = cover.asked if now <= cover.asked.until else None
    found = ports.images.look(key)
    if found is None:
        new = cover.model_copy(update={"asked": asked})
    elif (image := type_of(found.head)) is None:
        before = cover.shown if cover.shown and cover.shown.key != key else None
        new = Cover(shown=before, refused=True)
    else:
        shown = CoverFile(key=key, version=found.version, type=image)
        new = Cover(seq=cover.seq, shown=shown, asked=asked)
    if new == cover:
        return group
    try:
        new = ports.groups.set_cover(group.enterprise, group.group_id, cover, new)
    except TryLaterError:
        return group  # somebody else was quicker; the next to ask sees the outcome
    _drop(cover, new, ports)
    return group.model_copy(update={"cover": new})


def remove_cover(enterprise: EnterpriseId, group_id: GroupId, ports: CoverPorts) -> None:
    """Remove a group's cover image, and the form for one; without either nothing happens.

    :raises NotFoundError: no such group in this enterprise.
    :raises TryLaterError: somebody else is changing the image.
    """
    old = ports.groups.get(enterprise, group_id).cover
    if not old.keys and not old.refused:
        return
    ports.groups.set_cover(enterprise, group_id, old, Cover())
    _drop(old, Cover(), ports)


def _drop(old: Cover, new: Cover, ports: CoverPorts) -> None:
    """Delete the objects that no cover names now, after the group was written."""
    for key in sorted(old.keys - new.keys):
        ports.images.remove(key)
