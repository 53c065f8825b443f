"""Errors, named by what the caller should do.

HomeroomError
├── GiveUpError            the run (or request) ends; the reason tells the admin what to change
├── TryLaterError          a passing fault: redeliver, or continue in the next leg
│   └── SourceBusyError    the source did not answer; its reason counts once tries run out
├── ParameterRefusedError  the source does not accept a query parameter: ask without it
├── MissingObjectError     an object that should be in the bucket is not
│   └── BaseMissingError   what says how a roster stands is gone: look at the roster itself
├── MailRefusedError       the mail service does not take the address: the group's to change
├── NotDueError            the clock has been here before: leave the group alone
├── StoppedError           this worker no longer owns the run: stop at once, touch nothing
└── RefusedError           an HTTP request that cannot be honoured
    ├── ForbiddenError     403
    ├── NotFoundError      404
    └── ConflictError      409

A record that cannot be loaded raises nothing: it becomes a row of the error report.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Every function has errors; not every one loads the models of groups and runs for this name.
    from shared.domain.run.run import Reason


class HomeroomError(Exception):
    """Root of all errors that Homeroom raises itself."""


class GiveUpError(HomeroomError):
    """Nothing that a retry could change. Ends the run as Failed with ``reason``."""

    def __init__(self, reason: "Reason") -> None:
        super().__init__(reason.code)
        self.reason = reason


class TryLaterError(HomeroomError):
    """A passing fault, worth ``after_seconds`` of waiting."""

    def __init__(self, message: str, after_seconds: float = 0) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class SourceBusyError(TryLaterError):
    """The source did not answer, or said that it is busy; ``reason`` counts once tries run out.

    ``after_seconds`` is what the source asked for, 0 if it named nothing.
    """

    def __init__(self, reason: "Reason", after_seconds: float = 0) -> None:
        super().__init__(reason.code, after_seconds)
        self.reason = reason


class ParameterRefusedError(HomeroomError):
    """The source answered that the request is wrong; ``status`` is its HTTP status."""

    def __init__(self, reason: "Reason", status: int) -> None:
        super().__init__(reason.code)
        self.reason = reason
        self.status = status


class MissingObjectError(HomeroomError):
    """An object that should be in the bucket is not there (any more)."""


class MailRefusedError(HomeroomError):
    """The mail service does not take a group's address; ``code`` is the service's own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BaseMissingError(MissingObjectError):
    """A part of what says how a roster stands is not in the bucket any more."""


class StoppedError(HomeroomError):
    """The run was closed or taken over by another worker."""


class NotDueError(HomeroomError):
    """The run that the clock wants to start has been started, or skipped."""


class RefusedError(HomeroomError):
    """An HTTP request that cannot be honoured; ``detail`` is for the person who sent it."""

    def __init__(self, code: str, detail: str, field: str | None = None, **extra: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.field = field
        self.extra = extra


class ForbiddenError(RefusedError):
    """The caller may not do this."""


class NotFoundError(RefusedError):
    """What was asked for does not exist in this enterprise."""


def group_not_found() -> NotFoundError:
    """What is said of a group that is not there, is another enterprise's, or is being deleted."""
    return NotFoundError("group_not_found", "There is no such group.")


def customer_not_found() -> NotFoundError:
    """What is said of a customer that is not there, or is another enterprise's."""
    return NotFoundError("customer_not_found", "There is no such customer.")


def exception_not_found() -> NotFoundError:
    """What is said of an exception that the group does not have."""
    return NotFoundError("exception_not_found", "The group has no such exception.")


class ConflictError(RefusedError):
    """The state of things forbids it now: a name taken, a run under way."""


def customer_in_group() -> ConflictError:
    """What is said of a customer that a group has."""
    return ConflictError(
        "customer_in_group",
        "The customer is in a group: take it out of the group first, by a change of its customers.",
    )


def too_many_exceptions(most: int) -> ConflictError:
    """What is said where a group has as many exceptions as it can have."""
    return ConflictError(
        "too_many_exceptions",
        f"The group has {most} exceptions, and can have no more. Remove some that are over or no "
        "longer needed; whole schools and roles are left out by the group's scope.",
    )
