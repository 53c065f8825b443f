"""What a newer version has written, read by this one."""

from typing import Any, TypeVar

from shared.domain.group.guard import GuardSettings
from shared.domain.run.run import Mode, Reason, RunState, Trigger

_Word = TypeVar("_Word", Mode, Trigger, RunState)


def known_word(kind: type[_Word], word: str) -> _Word:
    """A stored word of a run, or that it is not known."""
    return kind(word) if word in set(kind) else kind.UNKNOWN


def newer_version(what: str) -> Reason:
    """The reason why nothing is done about ``what``, which this version does not understand."""
    return Reason(
        code="newer_version",
        message=f"{what} was written by a newer version of Homeroom, which this one does not "
        "understand. Nothing was changed. Ask whoever runs Homeroom to deploy that version again; "
        "then sync.",
    )


def known_settings(config: dict[str, Any]) -> dict[str, Any]:
    """A stored configuration without thresholds that this version does not know.

    Of other settings what is not known is passed over as it is; thresholds are checked for
    misspelt names, since people write them.
    """
    guard = config.get("guard") or {}
    known = {name: value for name, value in guard.items() if name in GuardSettings.model_fields}
    return config | {"guard": known}
