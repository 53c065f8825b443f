"""Reads the environment: the only place that does. A missing variable is named."""

import os


class SettingError(RuntimeError):
    """A variable is missing or cannot be read; the message names it."""


def required(name: str) -> str:
    """Read a variable that must be set."""
    value = os.environ.get(name, "")
    if not value:
        message = f"Missing environment variable {name}"
        raise SettingError(message)
    return value


def flag(name: str) -> bool:
    """Read ``true`` or ``false``."""
    value = required(name)
    if value not in ("true", "false"):
        message = f"Environment variable {name} must be true or false"
        raise SettingError(message)
    return value == "true"


def number(name: str) -> int:
    """Read a whole number."""
    value = required(name)
    try:
        return int(value)
    except ValueError as error:
        message = f"Environment variable {name} must be a whole number"
        raise SettingError(message) from error
