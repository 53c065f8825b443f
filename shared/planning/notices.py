"""What the admin is told of a plan that did not stop it."""

from shared.domain.collection import Collection
from shared.domain.group import GroupConfig
from shared.domain.run import Notice


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
        code="rekeyed",
        message=(
            f"Most of the {collection.entity} are gone and as many are new: they seem to have "
            f"been numbered anew. Both sides are held. {hint}"
        ),
    )


def partners_in_use(partners: int) -> Notice:
    """Partners that are gone stay while they are used."""
    return Notice(
        code="partners_in_use",
        message=(
            f"{partners} partners are gone at the source and stay here, because they still have "
            "classes, users or partners below them."
        ),
    )


def pending(records: int) -> Notice:
    """What is gone stays in a run that deletes nothing."""
    return Notice(
        code="pending_deletions",
        message=(
            f"{records} records are gone at the source and stay here: mode sync deletes nothing."
        ),
    )


def nothing_gone(collection: Collection, why: str) -> Notice:
    """In a run that deletes: why nothing of a collection counts as gone."""
    return Notice(
        code="nothing_gone",
        message=f"Nothing of the {collection.entity} counts as gone: {why}.",
    )
