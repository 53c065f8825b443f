"""Calls the API of the local stack by hand, signed in as its admin, and prints each request.

    python -m local.call sign-in
    python -m local.call POST /groups local/requests/springfield.json --once spr --only groupId
    python -m local.call GET /groups/GROUP/syncs/1 --follow

The request and the status go to standard error, the answer to standard output. With ``--only``,
just one value of the answer, for a shell variable. The exit status says whether the API accepted
the request. ``${DISTRICT_URL}`` and the like in a file are replaced by the sample district's
values.
"""

import argparse
import json
import re
import string
import sys
from pathlib import Path
from typing import Any

from local.api import Answer, Api
from local.district import SampleDistrict
from local.emulator import StackError
from local.entry import run_command
from local.invoke import running_stack
from local.progress import DIM, paint
from local.run_view import follow
from local.session import session_of, sign_in
from local.stack import Stack

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
RUN = re.compile(r"/groups/([^/]+)/syncs/([^/]+)")


def body_of(given: str, folder: Path) -> Any:
    """Read a body: JSON, or a file with JSON, with the sample district's values filled in.

    :raises StackError: it is neither, or it needs a sample district and none is running.
    """
    text = given
    if not given.lstrip().startswith(("{", "[")):
        try:
            text = Path(given).read_text()
        except OSError as error:
            message = f"{given} is neither JSON nor a readable file."
            raise StackError(message) from error
    if "${" in text:
        text = string.Template(text).safe_substitute(_known(folder))
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"The body is not JSON: {error}."
        raise StackError(message) from error


def _known(folder: Path) -> dict[str, str]:
    district = SampleDistrict.read(folder)
    if district is None or not district.lives:
        message = "The sample district's server is not running: `make up` starts it."
        raise StackError(message)
    known = {
        "DISTRICT_URL": district.url,
        "DISTRICT_KEY": district.consumer_key,
        "DISTRICT_SECRET": district.secret_key,
        "DISTRICT_PARTNER_ID": district.client_partner_id,
    }
    # Placeholders stand between the quotes of a JSON text.
    return {name: json.dumps(value)[1:-1] for name, value in known.items()}


def pick(answer: Any, path: str) -> str:
    """Take one value of an answer by its path, such as ``classes.0.id``.

    :raises StackError: the answer has no such value.
    """
    value = answer
    for name in path.split("."):
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            message = f"The answer has no {path}."
            raise StackError(message) from error
    return value if isinstance(value, str) else json.dumps(value)


def call(
    stack: Stack, method: str, path: str, body: Any, *, once: str | None, follows: bool
) -> Answer:
    """Send one request, or repeat a GET until the run has ended; prints it on standard error.

    :param once: the Idempotency-Key: a repeated request with it gets the first answer again.
    :raises StackError: the path has an empty part, or does not name a run to follow.
    """
    if not path.startswith("/") or "//" in path.partition("?")[0]:
        message = f"{path} is not a path of the API. A part is empty: did the call before fail?"
        raise StackError(message)
    session, called = session_of(stack)
    if called:
        _say(f"> {called}")
    _say(f"> {method} {stack.api_url}{path}")
    _say(f"> Authorization: Bearer (the ID token of {session.username})")
    headers = {"Idempotency-Key": once} if once else {}
    for name, value in headers.items():
        _say(f"> {name}: {value}")
    if body is not None:
        _say(f"> {json.dumps(_without_secrets(body), ensure_ascii=False)}")
    api = Api(stack.api_url, session.id_token)
    if follows:
        named = RUN.fullmatch(path)
        if not named or method != "GET":
            message = "--follow works only for GET /groups/…/syncs/…: only a run has an end."
            raise StackError(message)
        answer = api.call("GET", path)
        if answer.status == 200:
            _say("> repeated until the run has ended")
            return Answer(200, answer.headers, follow(api, named[1], named[2]))
    else:
        answer = api.call(method, path, body, headers)
    _say(f"< {answer.status}")
    return answer


def _without_secrets(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return {
        name: "…" if re.search("secret|private|pass", name, re.I) else _without_secrets(value)
        for name, value in body.items()
    }


def _say(line: str) -> None:
    print(paint(line, DIM) if sys.stderr.isatty() else line, file=sys.stderr)


def _show(answer: Answer, only: str | None) -> int:
    text = answer.body
    if not isinstance(text, str):
        text = "" if text is None else json.dumps(text, indent=2, ensure_ascii=False)
    if answer.status >= 400:
        print(text, file=sys.stderr)
        return 1
    if only:
        value = pick(answer.body, only)
        _say(f"< {only}: {value}")
        print(value)
    elif text:
        print(text)
    return 0


def main() -> int:
    """Make the call that the command line describes."""
    parser = argparse.ArgumentParser(description="Calls the API of the local stack, signed in.")
    parser.add_argument("method", choices=("sign-in", *METHODS))
    parser.add_argument("path", nargs="?", help="/groups")
    parser.add_argument("body", nargs="?", help="JSON, or a file with JSON")
    parser.add_argument(
        "--only", metavar="VALUE", help="print only this part of the answer: classes.0.id"
    )
    parser.add_argument(
        "--once", metavar="KEY", help="the Idempotency-Key: a repeated call changes nothing"
    )
    parser.add_argument("--follow", action="store_true", help="repeat until the run has ended")
    given = parser.parse_args()
    if given.method != "sign-in" and not given.path:
        parser.error("name a path: /groups")
    stack = running_stack()
    if given.method == "sign-in":
        session, called = sign_in(stack)
        _say(f"> {called}")
        print(f"Signed in as {session.username}; the tokens are in {stack.folder}/session.json.")
        return 0
    body = body_of(given.body, Path(stack.folder)) if given.body else None
    answer = call(stack, given.method, given.path, body, once=given.once, follows=given.follow)
    return _show(answer, given.only)


if __name__ == "__main__":
    run_command(main)
