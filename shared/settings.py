"""What functions read from their environment. Nothing else reads it.

Each handler declares one model: the parts below that its adapters need, and fields of its own. A
field is read from the variable of the same name in capitals, unless it names another.
"""

import os
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from shared.domain import timers


class SettingsError(RuntimeError):
    """Some variables are missing or cannot be read; the message names each of them."""


class Environment(BaseModel):
    """The base of every function's settings."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper, defer_build=True)

    @classmethod
    def variables(cls) -> list[str]:
        """The names of the environment variables that this model is read from."""
        return [str(field.alias) for field in cls.model_fields.values()]

    @classmethod
    def read(cls) -> Self:
        """Read the model from the environment. An empty variable counts as missing.

        :raises SettingsError: names all variables that are missing or cannot be read.
        """
        given = {name: os.environ[name] for name in cls.variables() if os.environ.get(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            # Not pydantic's message, which quotes values.
            found = [f"{each['loc'][0]} {_said(each['type'], each['msg'])}" for each in
                     error.errors(include_url=False, include_input=False)]  # fmt: skip
            raise SettingsError("Environment: " + ", ".join(found)) from None


def _said(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else message


def _flag(value: Any) -> bool:
    if value not in ("true", "false"):
        raise PydanticCustomError("flag", "must be true or false")
    return bool(value == "true")


def _number(value: Any) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise PydanticCustomError("number", "must be a whole number") from error


def _seconds(value: Any) -> timedelta:
    return timedelta(seconds=_number(value))


Flag = Annotated[bool, BeforeValidator(_flag)]
"""``true`` or ``false``."""
Number = Annotated[int, BeforeValidator(_number)]
"""A whole number."""
Seconds = Annotated[timedelta, BeforeValidator(_seconds)]
"""A whole number of seconds."""


class ControlTable(Environment):
    """The table of groups, customers and runs."""

    control_table: str


class RosterTable(Environment):
    """The table of rosters."""

    roster_table: str


class DataBucket(Environment):
    """The bucket of staged rosters, bundles, snapshots and reports."""

    data_bucket: str


class EventBus(Environment):
    """The bus on which the ends of runs are announced."""

    event_bus_name: str


class Topics(Environment):
    """The topics that send groups' e-mails: a topic's ARN is this prefix, then the group's id."""

    group_topic_prefix: str


class SourceQueues(Environment):
    """The queues of the functions that pull rosters from schools' systems."""

    extract_api_queue_url: str
    extract_sftp_queue_url: str


class InsecureSources(Environment):
    """Whether sources and webhooks may be private addresses, and use http: on the emulator only."""

    allow_insecure_sources: Flag


class Backups(Environment):
    """How many days the tables' point-in-time recovery holds what was deleted."""

    backup_days: Number


class RunTimes(ControlTable):
    """How soon a run that nobody works on is looked at: see ``timers.RESEND_AFTER``."""

    resend_after: Seconds = Field(alias="RESEND_SECONDS")


class RunStage(RunTimes, DataBucket, EventBus):
    """What every function that works on runs needs."""


class ClaimTimes(RunTimes):
    """How long the owner of a run may be silent: see ``timers.LEASE``."""

    lease: Seconds = Field(alias="LEASE_SECONDS")

    @property
    def beat(self) -> timedelta:
        """How often an owner says that it is still at work."""
        return self.lease / timers.BEATS_PER_LEASE


class QuietTime(Environment):
    """How long files on an SFTP server must be unchanged before they are copied."""

    quiet: Seconds = Field(alias="QUIET_SECONDS")


class LegTimes(ClaimTimes):
    """How long one leg of a run works before it hands on to the next."""

    leg: Seconds = Field(alias="LEG_SECONDS")
