"""What the API shows of groups that were deleted."""

from shared.domain import access
from shared.domain.run.deletion_certificate import KEPT, Certificate, Store
from shared.http.contract.certificates import CertificateAnswer, ErasedAnswer, KeptAnswer


def show_certificate(certificate: Certificate) -> CertificateAnswer:
    """A certificate: what was deleted, how many, from where, and how long backups may hold it."""
    last = certificate.last_backup_day(Store.CONTROL)
    assert last is not None
    kept = {"certificate": KEPT, "runs": KEPT, "accesses": access.KEPT}
    return CertificateAnswer(
        group_id=certificate.group_id,
        name=certificate.name,
        client_group_id=certificate.client_group_id,
        created_at=certificate.created_at,
        run_id=None if certificate.run_seq is None else str(certificate.run_seq),
        requested_by=certificate.requested_by,
        requested_at=certificate.requested_at,
        deleted_at=certificate.deleted_at,
        erased=[
            ErasedAnswer(
                store=each.store,
                kind=each.kind,
                deleted=each.deleted,
                earlier_versions=each.earlier_versions,
                last_backup_day=certificate.last_backup_day(each.store),
            )
            for each in certificate.erased
        ],
        last_backup_day=last,
        kept=[
            KeptAnswer(what=what, until=certificate.deleted_at + time)
            for what, time in kept.items()
        ],
    )
