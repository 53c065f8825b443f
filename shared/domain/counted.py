"""Counted nouns for messages, ``no rows``, ``1 row``, ``1,000 rows``, and matching verbs."""

from shared.domain.roster.collection import Collection

_NOUNS = {
    Collection.ORGS: ("org", "orgs"),
    Collection.ACADEMIC_SESSIONS: ("academic session", "academic sessions"),
    Collection.COURSES: ("course", "courses"),
    Collection.CLASSES: ("class", "classes"),
    Collection.USERS: ("user", "users"),
    Collection.ENROLLMENTS: ("enrollment", "enrollments"),
}


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``number`` of a noun: ``no rows``, ``1 row``, ``1,000 rows``."""
    many = plural or f"{noun}s"
    if number == 0:
        return f"no {many}"
    return f"{number:,} {noun if number == 1 else many}"


def agreeing(number: int, one: str, many: str) -> str:
    """The word that agrees with a number: ``is`` with one, ``are`` otherwise."""
    return one if number == 1 else many


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def records_of(collection: Collection, number: int) -> str:
    """A number of records of a collection, in everyday words."""
    return counted(number, *_NOUNS[collection])


def plural_of(collection: Collection) -> str:
    """The everyday word for the records of a collection."""
    return _NOUNS[collection][1]
