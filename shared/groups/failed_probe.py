"""What a connection test says of something that failed."""

from shared.domain.group.connection_test import Probe
from shared.domain.run.run import Reason


def failed_probe(name: str, reason: Reason) -> Probe:
    """Say that something failed, and what to change."""
    return Probe(
        name=name,
        ok=False,
        detail=reason.message,
        field=reason.field,
        facts={"code": reason.code},
    )
