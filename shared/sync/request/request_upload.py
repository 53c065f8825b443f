"""Gives an address to upload a bundle to. Its arrival starts a run: see ``accept_drop``."""

from shared.domain.errors import ConflictError
from shared.domain.group.choices import SyncType
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.object_keys import upload_key
from shared.domain.run.sync_request import UploadInput
from shared.ports.bucket import SignedAddresses, UploadAddress
from shared.ports.groups import Groups
from shared.sync.request.request_sync import check_mark


def request_upload(
    enterprise: EnterpriseId,
    group_id: GroupId,
    given: UploadInput,
    upload_id: str,
    groups: Groups,
    addresses: SignedAddresses,
) -> UploadAddress:
    """Make an address that takes one bundle of a group; ``upload_id`` is shown on its run.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: it is not a ZIP group, or its roster is marked for deletion.
    """
    group = groups.get(enterprise, group_id)
    if group.config.sync_type is not SyncType.ZIP:
        raise ConflictError("not_a_zip_group", "Bundles are uploaded to groups of sync type ZIP.")
    check_mark(group)
    key = upload_key(group_id, given.mode, upload_id, accept_older=given.accept_older)
    return addresses.upload_address(key)
