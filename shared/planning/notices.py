"""Notices: what the admin is told about a plan, although it did not stop the run."""

from shared.domain.counted import agreeing, counted, plural_of, records_of, sentence
from shared.domain.group.group import GroupConfig
from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Notice
from shared.planning.contradicted_absences import Contradicted


def named(collection: Collection) -> str:
    """The name of a collection's records: orgs are called partners."""
    return "partners" if collection is Collection.ORGS else plural_of(collection)


def taken_as_delta(file: str) -> Notice:
    """A file that claims to be bulk was read as a delta."""
    return Notice(
        code="taken_as_delta",
        message=(
            f"{file} claims to be complete, but has fewer than half of the known records, each "
            "with a status. It was read as a delta, and nothing missing from it counts as gone."
        ),
    )


def root_made(config: GroupConfig) -> Notice:
    """No org matches the client partner id."""
    return Notice(
        code="root_made",
        message=(
            f"No org has the client partner id {config.client_partner_id} as its sourcedId or "
            "identifier. A root with that id was made; change clientPartnerId if it is misspelled."
        ),
    )


def rekeyed(collection: Collection, hint: str) -> Notice:
    """The source seems to have renumbered its records."""
    return Notice(
        code=HoldRule.REKEYED.value,
        message=(
            f"Most of the {named(collection)} are gone and as many are new: the source seems to "
            f"have renumbered them. The old and the new ones are held. {hint}"
        ),
    )


def partners_in_use(partners: int) -> Notice:
    """Partners that are gone at the source stay while they are in use."""
    return Notice(
        code="partners_in_use",
        message=(
            f"{sentence(counted(partners, 'partner'))} {agreeing(partners, 'is', 'are')} gone at "
            f"the source and {agreeing(partners, 'stays', 'stay')} here, because "
            f"{agreeing(partners, 'it still has', 'they still have')} classes, users or partners "
            "below."
        ),
    )


def pending(records: int) -> Notice:
    """Missing records stay, because the run deletes nothing."""
    return Notice(
        code="pending_deletions",
        message=(
            f"{sentence(counted(records, 'record'))} {agreeing(records, 'is', 'are')} gone at the "
            f"source and {agreeing(records, 'stays', 'stay')} here: mode sync deletes nothing."
        ),
    )


def contradicted(collection: Collection, found: Contradicted) -> Notice:
    """Records are missing that other rows of the same delivery name."""
    records, many = found.records, found.many
    rest = (
        f"So many show that the {named(collection)} are not complete: nothing of them counts as "
        "gone."
        if many
        else f"{sentence(agreeing(records, 'it stays', 'they stay'))}; see the error report."
    )
    return Notice(
        code="contradicted",
        message=(
            f"{records:,} of the {found.absent:,} missing {named(collection)} "
            f"{agreeing(records, 'is', 'are')} named by other rows of the same delivery. {rest}"
        ),
    )


def nothing_gone(records: str, why: str) -> Notice:
    """Why nothing of a collection counts as gone, in a run that deletes.

    :param records: what its records are called.
    """
    return Notice(
        code="nothing_gone",
        message=f"Nothing of the {records} counts as gone: {why}.",
    )


def exceptions_obeyed(kept: int, left_out: int) -> Notice:
    """Records are kept, or left out, because a person has made exceptions for them."""
    parts = []
    if kept:
        parts.append(
            f"{counted(kept, 'record')} {agreeing(kept, 'is', 'are')} kept although the source "
            f"lacks {agreeing(kept, 'it', 'them')}"
        )
    if left_out:
        parts.append(
            f"{counted(left_out, 'record')} {agreeing(left_out, 'is', 'are')} left out although "
            f"the source has {agreeing(left_out, 'it', 'them')}"
        )
    return Notice(
        code="exceptions_obeyed",
        message=(
            f"{sentence(' and '.join(parts))}: the group has exceptions for them, listed with who "
            "and why (GET …/exceptions)."
        ),
    )


def absence_unasked(collection: Collection, records: int, why: str) -> Notice:
    """Missing records stay, because the source could not be asked for them once more."""
    partners = collection is Collection.ORGS
    missing = counted(records, "partner") if partners else records_of(collection, records)
    return Notice(
        code="absence_unasked",
        message=(
            f"{sentence(missing)} {agreeing(records, 'is', 'are')} missing at the "
            f"source and {agreeing(records, 'stays', 'stay')} here for now: the source does not "
            f"answer for single records, and a second reading of the {named(collection)} failed. "
            f"{why} The next update asks again; everything else was synced."
        ),
    )


def table_surveyed(known: int | None, found: int | None, written: int) -> Notice:
    """The roster table differs from what the group's runs left, or that is no longer known.

    :param known: the last run of the group; None if there is none.
    :param found: how many records the group's runs did not know; None if their snapshot is gone.
    :param written: how many records this run writes.
    """
    last = "no run of this group" if known is None else f"run {known}"
    why = (
        f"What {last} left is no longer kept"
        if found is None
        else f"The roster is not as {last} left it"
    )
    more = (
        ""
        if not found
        else (f" {sentence(counted(found, 'record'))} came from runs that are no longer known.")
    )
    return Notice(
        code="begun_anew",
        message=(
            f"{why}, as after a table was restored from a backup. The roster was read record by "
            f"record, and {counted(written, 'record')} {agreeing(written, 'is', 'are')} written "
            f"again.{more} Records missing from the source stay for now: this run deletes nothing, "
            "the next update does."
        ),
    )
