"""Brings cover images to groups: a form to upload one, a look at what came, and its removal.

S3 tells nobody of an upload. Whoever asks for the group next looks whether the image is there; once
it has been seen the group says so, and asking costs nothing more.
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


def ask_for_cover(
    enterprise: EnterpriseId,
    group_id: GroupId,
    image: ImageType,
    new_id: str,
    ports: CoverPorts,
    now: datetime,
) -> dict[str, Any]:
    """Make a form to upload a group's cover image with: its ``url`` and ``fields``.

    What was asked for before and has not been shown yet is forgotten.

    :raises NotFoundError: no such group in this enterprise.
    :raises TryLaterError: somebody else changes the image at the same moment.
    """
    old = settle_cover(ports.groups.get(enterprise, group_id), ports, now).cover
    key = cover_key(group_id, new_id)
    new = Cover(shown=old.shown, asked=AskedUpload(key=key, until=now + FORM_TIME))
    ports.groups.set_cover(enterprise, group_id, old, new)
    _drop(old, new, ports)
    return ports.images.upload_address(key, image)


def settle_cover(group: Group, ports: CoverPorts, now: datetime) -> Group:
    """See whether the image has come that a group waits for; give the group as it is then.

    While its form is good another file may come by it, and is shown instead: S3 keeps no version
    for long that another has covered. A file that is no image goes, and the group says so; what was
    shown before stays.
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
        return group  # somebody else was quicker; who asks next sees what that left
    _drop(cover, new, ports)
    return group.model_copy(update={"cover": new})


def remove_cover(enterprise: EnterpriseId, group_id: GroupId, ports: CoverPorts) -> None:
    """Take a group's cover image away, or one that was to come; without one nothing happens.

    :raises NotFoundError: no such group in this enterprise.
    :raises TryLaterError: somebody else changes the image at the same moment.
    """
    old = ports.groups.get(enterprise, group_id).cover
    if not old.keys and not old.refused:
        return
    ports.groups.set_cover(enterprise, group_id, old, Cover())
    _drop(old, Cover(), ports)


def _drop(old: Cover, new: Cover, ports: CoverPorts) -> None:
    """Delete the objects that nothing names any more: only now, for the group might have stayed."""
    for key in sorted(old.keys - new.keys):
        ports.images.remove(key)
