"""Shows what is left of groups that were deleted, as the API answers it."""

from shared.domain import access_record
from shared.domain.run.deletion_certificate import KEPT, Certificate, Store
from shared.http.contract.certificates import CertificateAnswer, ErasedAnswer, KeptAnswer


def show_certificate(certificate: Certificate) -> CertificateAnswer:
    """Show a certificate: what was deleted, and how long backups may still hold it."""
    last = certificate.last_backup_day(Store.CONTROL)
    assert last is not None
    kept = {"certificate": KEPT, "runs": KEPT, "accesses": access_record.KEPT}
    return CertificateAnswer.made_from(
        certificate,
        run_id=None if certificate.run_seq is None else str(certificate.run_seq),
        erased=[
            ErasedAnswer.made_from(each, last_backup_day=certificate.last_backup_day(each.store))
            for each in certificate.erased
        ],
        last_backup_day=last,
        kept=[
            KeptAnswer(what=what, until=certificate.deleted_at + time)
            for what, time in kept.items()
        ],
    )
