"""Changes that could not be applied: kept for the next run, and explained to the admin."""

from collections.abc import Iterator, Sequence

from shared.domain import object_keys
from shared.domain.counted import agreeing, counted, sentence
from shared.domain.roster.change import Change
from shared.domain.run.login_clashes import LOGIN_NAME_TAKEN
from shared.domain.run.results import Unapplied
from shared.domain.run.run import Reason, Run
from shared.ports.bucket import Objects
from shared.ports.roster import OVERTAKEN
from shared.sync import change_file

RECORDS_NAMED = 10
"""How many records a reason names."""


def keep_unapplied(run: Run, unapplied: Sequence[Unapplied], objects: Objects) -> tuple[str, ...]:
    """Write the changes that could not be applied into a change file of their own.

    Returns the key of that file, for the next run to try; nothing if there are none.
    """
    if not unapplied:
        return ()
    wanted = {(change.collection, change.id) for change in unapplied}
    lines = (
        change.model_dump_json()
        for change in _changes(run, objects)
        if (change.collection, change.id) in wanted
    )
    key = object_keys.unapplied_key(run.key)
    objects.put(key, b"".join(change_file.packed_batches(lines)), object_keys.CURRENT)
    return (key,)


def _changes(run: Run, objects: Objects) -> Iterator[Change]:
    plan = run.plan
    assert plan is not None
    for message in change_file.messages(objects, run.key, plan, range(plan.batches)):
        yield from change_file.read_batch(objects, plan, message.start, message.length)


def unapplied_reason(unapplied: Sequence[Unapplied]) -> Reason:
    """Say what could not be applied: the most frequent cause, and some of the records it hit."""
    codes = [change.code for change in unapplied]
    cause = max(sorted(set(codes)), key=codes.count)
    named = ", ".join(
        f"{change.collection.entity}/{change.id}"
        for change in unapplied[:RECORDS_NAMED]
        if change.code == cause
    )
    affected = f"Affected: {named}{' …' if len(unapplied) > RECORDS_NAMED else ''}"
    count = codes.count(cause)
    if cause == OVERTAKEN:
        return Reason(code=cause, message=f"{_overtaken(count)} {affected}")
    if cause == LOGIN_NAME_TAKEN:
        message = f"{_login_name_taken(count)} {affected}"
        return Reason(code=cause, message=message)
    return Reason(code="changes_unapplied", message=f"{_not_written(count)} {affected}")


def _overtaken(count: int) -> str:
    return (
        f"{sentence(counted(count, 'record'))} {agreeing(count, 'carries', 'carry')} the number of "
        "a run that this group does not know. This happens when a table was restored from a "
        "backup. The next sync reads the roster itself, and writes "
        f"{agreeing(count, 'it', 'them')}."
    )


def _login_name_taken(count: int) -> str:
    return (
        f"{sentence(counted(count, 'user'))} could not get {agreeing(count, 'its', 'their')} login "
        f"{agreeing(count, 'name', 'names')}, because another user took it while this run was "
        "written. The next sync tries again; its error report names who has it."
    )


def _not_written(count: int) -> str:
    return (
        f"{sentence(counted(count, 'record'))} could not be written. The next sync tries "
        f"{agreeing(count, 'it', 'them')} again."
    )
