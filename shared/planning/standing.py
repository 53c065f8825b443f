"""How a record stands in a plan: its state, why it is leaving, and whether it waits for a person.

These are the values of the columns ``state``, ``why``, ``hold`` and ``origin`` of the working
tables. Snapshots keep all but ``origin``, so a value that has been stored keeps its spelling. SQL
takes the values from here: ``state = '{State.PENDING}'``.
"""

from enum import StrEnum

from shared.domain.roster import vocabulary


class State(StrEnum):
    """Whether a record is in the roster, and how sure that is."""

    CURRENT = "current"
    """The source has it as it is here."""
    STALE = "stale"
    """The source has it, but its latest row was rejected: the last good values stand."""
    PENDING = "pending"
    """It seems to be gone, and is still here."""
    DELETED = "deleted"
    """It has left, and is kept for its return."""
    ENDED = "ended"
    """It is closed, and can still be read for a while."""


class Why(StrEnum):
    """Why a record is pending, or has left. ``HoldRule.MARKED`` is one more value."""

    GONE = "gone"
    """It is missing from a collection that is proven complete."""
    UNASKED = "unasked"
    """It is missing, but the source could not be asked for it once more: it stays."""
    TO_BE_DELETED = vocabulary.TO_BE_DELETED
    """The source says that it is to be deleted."""
    OUTSIDE = "outside"
    """It is outside the group's scope."""
    RESTORED = "restored"
    """It is not in the past roster that was restored."""
    LEFT_OUT = "left_out"
    """An exception leaves it out, although the source has it."""


class Answer(StrEnum):
    """What a person has decided on a record. The column ``hold`` has this, or a ``HoldRule``."""

    KEPT = "kept"
    """Rejected: it stays, and is not proposed again before it returns."""
    ALLOWED = "allowed"
    """Approved: the next run applies the other identity."""


class Origin(StrEnum):
    """Where the values of a candidate come from."""

    SAME = "same"
    """From the base: the row was delivered as before."""
    PARSED = "parsed"
    """From a delivered row that the base does not know as it is."""
    STALE = "stale"
    """From the base: the delivered row was rejected, or waits."""
    UNSEEN = "unseen"
    """From the base: no row was delivered."""


DELIVERED = f"('{Origin.PARSED}', '{Origin.SAME}')"
"""SQL for the origins of rows that were delivered."""

LEFT = f"('{State.DELETED}', '{State.ENDED}')"
"""SQL for the states of records that have left."""

MISSING = f"('{Why.GONE}', '{Why.UNASKED}')"
"""SQL for the reasons of records that the source did not deliver, asked for again or not."""

STAYS = f"(why IS NOT DISTINCT FROM '{Why.UNASKED}')"
"""SQL for whether a pending row stays, whatever is decided."""

HELD = f"(hold IS NOT NULL AND hold NOT IN ('{Answer.KEPT}', '{Answer.ALLOWED}'))"
"""SQL for whether a row is held."""
