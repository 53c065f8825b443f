"""A file's name can name a pupil: it comes into no log, event or message, whichever way it comes.

Each name is planted by whoever brings it: a drop in the bucket, a zip within a zip, a server's
folder, an answer of AWS. Everything that was logged, published and sent is searched.
"""

import ast
import io
import json
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from functions.ingest_zip import handler as ingest_zip
from shared.adapters.run_log import PowertoolsRunLog
from shared.domain.errors import TryLaterError
from shared.domain.group.choices import SyncType
from shared.domain.group.group import GroupConfig
from shared.messages import Message
from shared.observability import make_logger
from shared.queue_consumer import consume
from tests.fakes.api import Context
from tests.fakes.fetching import Fetching, InMemoryServer
from tests.fakes.invocations import sqs_event
from tests.fakes.logs import Lines, logged
from tests.fakes.simulation import GROUP, Simulation, config
from tests.fakes.world import InMemoryRunLog

ROOT = Path(__file__).parents[2]
FIRST, LAST = "Annegret", "Hartmann"
NAME = f"{FIRST} {LAST}"
DROP_QUEUE = "arn:aws:sqs:eu-west-1:123456789012:drops"


def _zipped(**files: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return body.getvalue()


def _zip_config() -> GroupConfig:
    return config(sync_type=SyncType.ZIP, connection=None, secrets={})


def _notice_of_s3(key: str, size: int = 2) -> dict[str, Any]:
    """What S3 tells of an object (Amazon S3: Event message structure)."""
    one = {"s3": {"object": {"key": key.replace(" ", "+"), "size": size, "versionId": "v-1"}}}
    return {"Records": [one]}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """All that the functions log, ends of runs among it."""
    log = PowertoolsRunLog(ingest_zip.logger)
    monkeypatch.setattr(InMemoryRunLog, "ended", lambda _, run: log.ended(run))
    with logged(ingest_zip.logger) as lines:
        yield lines


def _told(world: Simulation, lines: Lines) -> str:
    events = [event.model_dump_json() for event in world.announcements.published]
    messages = [message.model_dump_json() for message in (*world.sent, *world.queue.messages)]
    return "\n".join([lines.getvalue(), *events, *messages])


def _take(world: Simulation, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the function take a notice of S3, as Lambda hands it over."""
    runtime = ingest_zip.Runtime(world._drop_ports(), world._ingest_ports(), DROP_QUEUE)
    monkeypatch.setattr(ingest_zip, "build", lambda: runtime)
    context: Any = Context()
    answer = ingest_zip.lambda_handler(sqs_event(_notice_of_s3(key), queue="drops"), context)
    assert answer == {"batchItemFailures": []}


@pytest.mark.parametrize(
    ("key", "sync_type", "refused"),
    [
        (f"drops/{NAME}.zip", SyncType.ZIP, "no_such_group"),
        (f"drops/{NAME}/roster.zip", SyncType.ZIP, "no_such_group"),
        (f"drops/nobody/{NAME}.zip", SyncType.ZIP, "no_such_group"),
        (f"drops/{GROUP}/{NAME}.zip", SyncType.API, "not_a_zip_group"),
    ],
)
def test_a_drop_that_is_refused(
    key: str, sync_type: SyncType, refused: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    zip_group = sync_type is SyncType.ZIP
    world = Simulation(group_config=_zip_config() if zip_group else config())
    _take(world, key, monkeypatch)
    assert world.announcements.refused == [refused]
    told = _told(world, lines)
    assert (FIRST in told, LAST in told) == (False, False)
    # And yet who may look into the bucket finds the object.
    [line] = lines.all
    assert (line["message"], line["code"], line["version_id"]) == ("drop refused", refused, "v-1")


@pytest.mark.parametrize(
    ("name", "bundle", "code"),
    [
        (f"{NAME}.zip", b"no zip", "not_a_zip"),
        ("a.zip", _zipped(**{f"{NAME}.zip": _zipped(a=b"")}), "nested_zip"),
        ("a.zip", _zipped(**{f"{NAME}/orgs.csv": b"", "b/users.csv": b""}), "nested_folders"),
        ("a.zip", _zipped(**{f"../{NAME}.csv": b""}), "unsafe_name"),
        ("a.zip", _zipped(**{f"{NAME}.csv": b"", "orgs.csv": b"x\r\n"}), "missing_column"),
        ("a.zip", _zipped(**{f"{NAME}.csv": b""}), "no_roster_files"),
        ("a.zip", _zipped(**{"orgs.csv": f"{NAME},{NAME}\r\n".encode()}), "missing_column"),
    ],
)
def test_a_bundle_that_cannot_be_read(
    name: str, bundle: bytes, code: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Simulation(group_config=_zip_config())
    key = f"drops/{GROUP}/{name}"
    world.objects.objects[key] = bundle
    _take(world, key, monkeypatch)
    world.settle()
    [line] = [line for line in lines.all if line["message"] == "run ended"]
    assert (line["state"], line["code"]) == ("Failed", code)
    told = _told(world, lines)
    assert (FIRST in told, LAST in told) == (False, False)


@pytest.mark.parametrize(
    ("files", "path", "code"),
    [
        ({f"out/{NAME}.txt": b""}, "out", "sftp_no_bundle"),
        ({}, f"out/{NAME}", "sftp_path_not_found"),
    ],
)
def test_a_servers_folder(files: dict[str, bytes], path: str, code: str, lines: Lines) -> None:
    fetching = Fetching(InMemoryServer(files), path=path)
    fetching.fetch()
    [line] = lines.all
    assert (line["state"], line["code"]) == ("Failed", code)
    told = _told(fetching.world, lines)
    assert (FIRST in told, LAST in told) == (False, False)


def _refused_by_aws() -> ClientError:
    """As S3 words it since 2025: with the resource, which has the key in it."""
    said = (
        "User: arn:aws:sts::123456789012:assumed-role/ingest is not authorized to perform: "
        f's3:GetObject on resource: "arn:aws:s3:::data/drops/{GROUP}/{NAME}.zip"'
    )
    return ClientError({"Error": {"Code": "AccessDenied", "Message": said}}, "GetObject")


@pytest.mark.parametrize(
    "error",
    [
        _refused_by_aws(),
        KeyError(NAME),
        UnicodeDecodeError("utf-8", NAME.encode(), 0, 1, NAME),
        zipfile.BadZipFile(NAME),
        TryLaterError("the event bus did not take the events"),
    ],
)
def test_an_error_that_nobody_foresaw(error: Exception) -> None:
    logger = Logger(service=f"test-{id(error)}", stream=(lines := Lines()))

    def fail(message: Message, receives: int) -> None:
        raise error

    body = {"enterprise": "demo", "groupId": GROUP}
    answer = consume(sqs_event(body), Message, logger, fail)
    assert len(answer["batchItemFailures"]) == 1
    [line] = lines.all
    assert line["group_id"] == GROUP
    assert (FIRST in lines.getvalue(), LAST in lines.getvalue()) == (False, False)
    if isinstance(error, ClientError):
        assert line["aws_error"] == "GetObject: AccessDenied"


def test_a_library_that_quotes_paths_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make_logger()
    quoted = logging.getLogger("paramiko.transport.sftp")
    seen: list[logging.LogRecord] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", seen.append)
    logging.getLogger().addHandler(handler)
    try:
        quoted.error("open(%r) failed", f"out/{NAME}.zip")
    finally:
        logging.getLogger().removeHandler(handler)
    assert [json.dumps(record.getMessage()) for record in seen] == []


LOGGED = {
    # Ours, constant or counted: ids, codes, numbers.
    "aws_error", "batch", "code", "enterprise", "error_type", "extra", "group_id", "receives",
    "run_id", "source", "stack", "unapplied", "version_id", "written",
    # The words of a TryLaterError, see below.
    "cause",
}  # fmt: skip
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
CALM = {"status", "type(error).__name__"}
"""What may stand in the words of a TryLaterError, which are logged."""


def _calls() -> Iterator[tuple[Path, ast.Call]]:
    for folder in ("functions", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield path, node


def test_what_is_logged_is_constant_words_and_known_fields() -> None:
    found = 0
    for path, call in _calls():
        function = call.func
        own = isinstance(function, ast.Attribute) and function.attr in LEVELS
        if not own and not (isinstance(function, ast.Name) and function.id == "log_failure"):
            continue
        if own and "logger" not in ast.unparse(function):
            continue
        found += 1
        words = call.args[0] if own else call.args[1]
        place = f"{path.relative_to(ROOT)}:{call.lineno}"
        named = isinstance(words, ast.Name) and words.id in {"text", "ENDED"}
        assert isinstance(words, ast.Constant) or named, f"{place} logs words that vary"
        assert {each.arg for each in call.keywords} <= LOGGED, f"{place}: is this nobody's name?"
    assert found > 10


def test_what_is_tried_later_says_nothing_of_files() -> None:
    found = 0
    for path, call in _calls():
        if not (isinstance(call.func, ast.Name) and call.func.id == "TryLaterError"):
            continue
        found += 1
        [words, *_] = call.args
        varied = [each for each in ast.walk(words) if isinstance(each, ast.FormattedValue)]
        place = f"{path.relative_to(ROOT)}:{call.lineno}"
        assert isinstance(words, ast.Constant | ast.JoinedStr), place
        assert {ast.unparse(each.value) for each in varied} <= CALM, place
    assert found > 5
