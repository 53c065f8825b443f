"""What the server answers, and how it says that something is wrong in each version."""

import json
from dataclasses import dataclass, field
from typing import Any

# Where 1.1 servers write words for what 1.2 has made an enumeration of.
_WORDS_OF_1_1 = {
    "fullsuccess": "full success",
    "unknownobject": "unknown object",
    "invaliddata": "invalid data",
    "unauthorisedrequest": "unauthorized",
}


@dataclass(frozen=True)
class Reply:
    """One answer, not yet sent."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection half-way through the body."""
    stall: bool = False
    """Say no more half-way through the body."""


class RefusedError(Exception):
    """A request that is answered with an error body."""

    def __init__(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, headers or {}


def json_reply(status: int, body: Any, headers: dict[str, str] | None = None) -> Reply:
    """Answer with JSON."""
    own = {"Content-Type": "application/json"}
    return Reply(status, json.dumps(body, ensure_ascii=False).encode(), own | (headers or {}))


def status_info(version: str, major: str, severity: str, code: str) -> dict[str, Any]:
    """The status of an answer, in the shape of its version."""
    status: dict[str, Any] = {
        "imsx_codeMajor": major,
        "imsx_severity": severity,
        "imsx_description": code,
    }
    if version == "1.1":
        return {"statusInfoSet": [status | {"imsx_codeMinor": _WORDS_OF_1_1.get(code, code)}]}
    minor = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code}
    return status | {"imsx_CodeMinor": {"imsx_codeMinorField": [minor]}}


def problem(version: str, code: str) -> dict[str, Any]:
    """The body of a failure."""
    return status_info(version, "failure", "error", code)
