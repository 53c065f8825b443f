"""What people may do about a group: decide what waits, think again, and make exceptions."""

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from shared.domain.group.hold import Decision, Hold, HoldDecision, SelectedRecord
from shared.domain.ids import SourcedId, record_id
from shared.domain.roster.record_exception import Effect, NamedBy, RecordException
from shared.sync.request.carry_out_decision import carry_out_decision
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.property.any_source import USERS, AnySource, numbers
from tests.property.promises import listed


class AnyPerson(AnySource):
    """One group, a source to which anything may happen, and people who do anything."""

    @precondition(lambda self: self.world.group.active_run is None and self.world.group.hold)
    @rule(decision=st.sampled_from([Decision.APPROVE, Decision.REJECT]), data=st.data())
    def a_person_decides(self, decision: Decision, data: st.DataObject) -> None:
        hold = self.world.group.hold
        assert hold is not None
        self._decide(decision, hold, data)

    @precondition(lambda self: self.world.group.active_run is None and self._kept())
    @rule(decision=st.sampled_from([Decision.APPROVE, Decision.RELEASE]), data=st.data())
    def a_person_thinks_again(self, decision: Decision, data: st.DataObject) -> None:
        kept = self._kept()
        assert kept is not None
        self._decide(decision, kept, data, of_kept=True)

    @rule(number=numbers, effect=st.sampled_from(Effect))
    def a_person_makes_an_exception(self, number: int, effect: Effect) -> None:
        sourced_id = SourcedId(self.sourced_id(number))
        exception = RecordException(
            effect=effect,
            entity=USERS.entity,
            named_by=NamedBy.SOURCED_ID,
            digest=record_id(GROUP, USERS.entity, sourced_id),
            sourced_id=sourced_id if effect is Effect.KEEP else None,
            why="r",
            by="ann",
            at=self.world.now,
        )
        self.world.exceptions.put(GROUP, exception)

    @precondition(lambda self: self.world.exceptions.all(GROUP))
    @rule(data=st.data())
    def a_person_takes_an_exception_back(self, data: st.DataObject) -> None:
        exceptions = self.world.exceptions.all(GROUP)
        exception = data.draw(st.sampled_from(exceptions), "which")
        self.world.exceptions.remove(GROUP, exception.exception_id)

    def _kept(self) -> Hold | None:
        base = self.world.group.base
        return base.kept if base else None

    def _decide(
        self, decision: Decision, hold: Hold, data: st.DataObject, *, of_kept: bool = False
    ) -> None:
        """Decide on all of it, on a rule, a school, or a record."""
        row = data.draw(st.sampled_from(listed(self.world, hold)), "about")
        record = SelectedRecord(entity=row["entity"], id=row["id"], sourced_id=row["sourcedId"])
        parts: list[dict[str, tuple[object, ...]]] = [
            {}, {"rules": (row["rule"],)}, {"records": (record,)},
        ]  # fmt: skip
        if row["school"]:
            parts.append({"schools": (row["school"],)})
        said = HoldDecision(
            decision=decision, digest=hold.digest, reason="r", of_kept=of_kept,
            **data.draw(st.sampled_from(parts), "part"),
        )  # fmt: skip
        carry_out_decision(
            ENTERPRISE, GROUP, said, "ann", self.world.request_ports(), self.world.now
        )
