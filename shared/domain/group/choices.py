"""The settings of a group that have a fixed set of values."""

from enum import StrEnum


class OnboardingType(StrEnum):
    """The version of OneRoster that the group's source speaks."""

    ONEROSTER_1_1 = "OneRoster1.1"
    ONEROSTER_1_2 = "OneRoster1.2"


class EmailStatus(StrEnum):
    """Whether the group's address takes mails.

    ``notAsked`` includes an address that the mail service does not accept, and one that did not
    answer in time. Setting an address, even the same one, asks it again.
    """

    CONFIRMED = "confirmed"
    ASKED = "asked"
    NOT_ASKED = "notAsked"


class SyncType(StrEnum):
    """How the roster comes in: from a REST server, an SFTP server, or uploaded zips."""

    API = "API"
    SFTP = "SFTP"
    ZIP = "ZIP"


class SyncFrequency(StrEnum):
    """Whether runs start by hand or by the clock."""

    MANUAL = "Manual"
    AUTO = "Auto"


class Period(StrEnum):
    """How often an Auto group syncs."""

    EVERY_6_HOURS = "Every6Hours"
    EVERY_12_HOURS = "Every12Hours"
    DAILY = "Daily"
    WEEKLY = "Weekly"
    BIWEEKLY = "Biweekly"
    MONTHLY = "Monthly"


class Authorization(StrEnum):
    """How requests to a REST source are authorized."""

    OAUTH_1 = "OAuth1.0"
    OAUTH_2 = "OAuth2.0"


class MatchWith(StrEnum):
    """By which value a user is recognized who comes with a new sourcedId."""

    SOURCED_ID = "sourcedId"
    IDENTIFIER = "identifier"
    USERNAME = "username"
    EMAIL = "email"


class StoredField(StrEnum):
    """Personal fields that are kept only if the group asks for them."""

    PHONES = "phones"
    AGENTS = "agents"
    METADATA = "metadata"


class RoleScope(StrEnum):
    """The kinds of users that a group takes in."""

    STUDENT = "student"
    STAFF = "staff"
    GUARDIAN = "guardian"


class StatusScope(StrEnum):
    """The statuses of users that a group takes in."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Tolerance(StrEnum):
    """What happens to rows and files that depart from the standard.

    ``lenient`` repairs what can be repaired without doubt, with a warning. ``strict`` ends a run
    before any change if there is anything to repair.
    """

    LENIENT = "lenient"
    STRICT = "strict"


class AutoMode(StrEnum):
    """What the runs of an Auto group may do."""

    UPDATE = "update"
    SYNC = "sync"
