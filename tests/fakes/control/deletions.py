"""The in-memory twin of ``DynamoDeletions``."""

from datetime import datetime

from shared.domain.errors import StoppedError
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.deletion_certificate import Certificate
from shared.domain.run.life import end, opening
from shared.domain.run.run import Run
from tests.fakes.control import InMemoryControl


class InMemoryDeletions:
    """``Deletions`` in memory."""

    def __init__(self, control: InMemoryControl) -> None:
        self._control = control

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, person: str, now: datetime) -> Run:
        control = self._control
        control.on_write("begin_deletion")
        with control.lock:
            group = control.group_runs(enterprise, group_id)

            def run_of(seq: int | None) -> Run | None:
                return control.runs[RunKey(enterprise, group_id, seq)] if seq else None

            active = run_of(group.active_run)
            if active and opening.deletes(active):
                return active
            others = [*([active] if active else []), *control.waiting(enterprise, group_id)]
            return control.open_run(
                opening.deletion_begun(
                    (enterprise, group_id),
                    person,
                    group,
                    others,
                    run_of(group.deletion_run),
                    now,
                    control.resend_after,
                )
            )

    def finish(self, key: RunKey, owner: str, group: Group, certificate: Certificate) -> None:
        control = self._control
        control.on_write("finish_deletion")
        with control.lock:
            step = end.deleted(key, owner, certificate.deleted_at, certificate.counts)
            if control.take_step(key, step) is not None:
                raise StoppedError
            gone = (key.enterprise, key.group_id)
            control.gone[gone] = certificate
            del control.groups[gone]
            del control.deleting[gone]
