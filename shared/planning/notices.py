"""What the admin is told of a plan that did not stop it."""

from shared.domain.counted import agreeing, counted, plural_of, sentence
from shared.domain.group.group import GroupConfig
from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Notice


def _named(collection: Collection) -> str:
    """What the records of a collection are called here: an org has become a partner."""
    return "partners" if collection is Collection.ORGS else plural_of(collection)


def taken_as_delta(file: str) -> Notice:
    """A file that says bulk was read as changes only."""
    return Notice(
        code="taken_as_delta",
        message=(
            f"{file} is said to be complete, but has fewer than half of the records known, each "
            "with a status: it was read as changes only, and nothing missing in it counts as gone."
        ),
    )


def root_made(config: GroupConfig) -> Notice:
    """No org is the group's own."""
    return Notice(
        code="root_made",
        message=(
            f"No org has the client partner id {config.client_partner_id} as its sourcedId or "
            "identifier. A root with that id was made; change clientPartnerId if it is misspelt."
        ),
    )


def rekeyed(collection: Collection, hint: str) -> Notice:
    """The source seems to have numbered its records anew."""
    return Notice(
        code=HoldRule.REKEYED.value,
        message=(
            f"Most of the {_named(collection)} are gone and as many are new: they seem to have "
            f"been numbered anew. Both sides are held. {hint}"
        ),
    )


def partners_in_use(partners: int) -> Notice:
    """Partners that are gone stay while they are used."""
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
    """What is gone stays in a run that deletes nothing."""
    return Notice(
        code="pending_deletions",
        message=(
            f"{sentence(counted(records, 'record'))} {agreeing(records, 'is', 'are')} gone at the "
            f"source and {agreeing(records, 'stays', 'stay')} here: mode sync deletes nothing."
        ),
    )


def nothing_gone(collection: Collection, why: str) -> Notice:
    """In a run that deletes: why nothing of a collection counts as gone."""
    return Notice(
        code="nothing_gone",
        message=f"Nothing of the {_named(collection)} counts as gone: {why}.",
    )


def begun_anew(known: int | None, found: int | None, written: int) -> Notice:
    """The roster's table was not what run ``known`` had left, or nobody knows any more what it was.

    ``found`` counts the records that the group's runs did not know; None where what they left is
    gone.
    """
    last = "no run of this group" if known is None else f"run {known}"
    why = (
        f"What {last} left is no longer kept"
        if found is None
        else f"The roster does not stand as {last} left it"
    )
    more = (
        ""
        if not found
        else (f" {sentence(counted(found, 'record'))} came from runs that are no longer known.")
    )
    return Notice(
        code="begun_anew",
        message=(
            f"{why}; so it is after a table was restored from a backup. The roster was read record "
            f"by record, and {counted(written, 'record')} {agreeing(written, 'is', 'are')} written "
            f"again.{more} What the source does not "
            "have stays for now: this run deletes nothing, the next update does."
        ),
    )
