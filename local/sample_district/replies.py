"""The server's answers, and how each version expresses errors."""

import json
from dataclasses import dataclass, field
from typing import Any

# 1.1 servers write these as words; 1.2 made them an enumeration.
_WORDS_OF_1_1 = {
    "fullsuccess": "full success",
    "unknownobject": "unknown object",
    "invaliddata": "invalid data",
    "unauthorisedrequest": "unauthorized",
}


@dataclass(frozen=True)
class Reply:
    """An answer that has not been sent yet."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection half-way through the body."""
    stall: bool = False
    """Stop sending half-way through the body."""


class RefusedError(Exception):
    """The request must be answered with an error."""

    def __init__(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, headers or {}


def json_reply(status: int, body: Any, headers: dict[str, str] | None = None) -> Reply:
    """Answer with JSON."""
    own = {"Content-Type": "application/json"}
    return Reply(status, json.dumps(body, ensure_ascii=False).encode(), own | (headers or {}))


def status_info(version: str, major: str, severity: str, code: str) -> dict[str, Any]:
    """The status of an answer, as its version formats it."""
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
