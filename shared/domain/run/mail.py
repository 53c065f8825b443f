"""The e-mail about the end of a run: what happened, and what to do.

It has only numbers and ids. An e-mail travels far, so nobody's name belongs in it.
"""

from shared.domain.counted import agreeing, counted, sentence
from shared.domain.run.run import Reason, Run, RunState

MAX_SUBJECT = 100
"""The longest subject that SNS accepts; it must be printable ASCII."""
_TOLD = {
    RunState.FAILED: "failed",
    RunState.HELD: "waits for you",
    RunState.SUCCEEDED_WITH_ERRORS: "could not do everything",
}
_QUOTED = {
    "held", "abandoned", "source_unavailable", "too_many_rejected", "not_strict",
    "changes_unapplied", "login_name_taken", "staged_roster_expired", "snapshot_expired",
}  # fmt: skip
"""Reasons whose message quotes nothing from a file."""
_DONE = ("created", "updated", "deleted", "restored", "ended", "held", "rejected")


def run_mail(run: Run, group_name: str) -> tuple[str, str] | None:
    """Write the subject and the text of the e-mail about a run.

    Returns None if nobody has to know: the run did not fail, holds nothing for a person, and
    rejected no rows.
    """
    rejected = sum(counts.rejected for counts in run.counts.values())
    told = _TOLD.get(run.state) or ("rejected rows" if rejected else None)
    if told is None:
        return None
    lines = [f"Run {run.key.run_id} of the group {group_name} ({run.mode.value}) {told}.", ""]
    if run.reason is not None:
        lines += [_why(run.reason), ""]
        if run.reason.field:
            lines += [f"The field to change: {run.reason.field}", ""]
    if rejected:
        lines += [
            f"{sentence(counted(rejected, 'row'))} {agreeing(rejected, 'was', 'were')} rejected. "
            "The run's error report says which, why, and what to do: it is for the school's data "
            "person.",
            "",
        ]
    lines += _table(run)
    return _subject(f"Homeroom: {group_name}: run {run.key.run_id} {told}"), "\n".join(lines)


def _why(reason: Reason) -> str:
    """Quote the reason, unless it may name a file: names of files can name people."""
    if reason.field or reason.code in _QUOTED:
        return reason.message
    return f"The reason ({reason.code}) is in the run, with what to do."


def _table(run: Run) -> list[str]:
    rows = []
    for entity, counts in run.counts.items():
        said = [f"{n} {name}" for name in _DONE if (n := getattr(counts, name))]
        if said:
            rows.append(f"  {entity}: {', '.join(said)}")
    return rows


def _subject(text: str) -> str:
    plain = "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
    return plain if len(plain) <= MAX_SUBJECT else plain[: MAX_SUBJECT - 1] + "~"
