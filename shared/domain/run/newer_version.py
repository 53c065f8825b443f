"""Reading what a newer version has written."""

from typing import Any, TypeVar

from shared.domain.group.guard import GuardSettings
from shared.domain.run.run import Mode, Reason, RunState, Trigger

_Word = TypeVar("_Word", Mode, Trigger, RunState)


def known_word(kind: type[_Word], word: str) -> _Word:
    """A stored word of a run; ``UNKNOWN`` if this version does not know it."""
    return kind(word) if word in set(kind) else kind.UNKNOWN


def newer_version(what: str) -> Reason:
    """The reason why this version does nothing about ``what``, which it does not understand."""
    return Reason(
        code="newer_version",
        message=f"{what} was written by a newer version of Homeroom, which this one does not "
        "understand. Nothing was changed. Ask whoever runs Homeroom to deploy that version again; "
        "then sync.",
    )


def known_settings(config: dict[str, Any]) -> dict[str, Any]:
    """A stored configuration without the thresholds that this version does not know.

    Other unknown settings are ignored when they are read. Thresholds are not, because people write
    them and may misspell their names.
    """
    guard = config.get("guard") or {}
    known = {name: value for name, value in guard.items() if name in GuardSettings.model_fields}
    return config | {"guard": known}
