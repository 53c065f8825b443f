"""A secret given in a request is found nowhere in clear, and no log names a pupil.

Everything that the emulator has kept is searched: tables, queues, bucket, logs, and its own log.
"""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from local.sample_district.quirks import Quirks
from local.sample_district.roster import generate
from local.sample_district.server import DistrictServer
from local.sample_district.signatures import Credentials
from local.stack import Stack, stop
from tests.e2e.deployed import logs_of, new_admin
from tests.e2e.roster import add_group, sync

SECRET = "Kx7-the-secret-of-springfield-42"
FUNCTIONS = (
    "create_group", "request_sync", "sync_api", "plan_sync", "upsert_entities", "close_runs",
)  # fmt: skip


def test_secrets_and_pupils_stay_where_they_belong(own_stack: Stack) -> None:
    district = generate(pupils=60)
    api = new_admin(own_stack, "north")
    answers = []
    with DistrictServer(district, credentials=Credentials(secret=SECRET)) as server:
        for version, authorization in (("1.1", "OAuth1.0"), ("1.2", "OAuth2.0")):
            group_id = add_group(
                api,
                server,
                name=f"Group-{version[-1]}",
                suffix=version,
                version=version,
                authorization=authorization,
            )
            assert sync(api, group_id)["state"] == "Succeeded"
            answers.append(api.get(f"/groups/{group_id}"))
            server.quirks = Quirks(missing_envelope="users")
            answers.append(sync(api, group_id))
            server.quirks = Quirks()
    assert SECRET not in json.dumps(answers)

    lines = [line for function in FUNCTIONS for line in logs_of(own_stack, function)]
    assert len(lines) > 50
    logged = "\n".join(lines)
    pupil = next(user for user in district.users if user.role == "student")
    for personal in (pupil.username, pupil.identifier, pupil.sourced_id, f"{pupil.username}@"):
        assert personal not in logged

    stop(Path(own_stack.folder))
    kept = dict(_contents(Path(own_stack.folder)))
    assert _holding(kept, pupil.identifier), "the search does not see the roster"
    assert _holding(kept, "sample-key"), "the search does not see the groups"
    for written in (SECRET, SECRET[::-1], base64.b64encode(SECRET.encode()).decode().rstrip("=")):
        assert _holding(kept, written) == []
    assert _holding(kept, "never-store-this") == [], "a password was stored"


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder but the code, and what it holds when unpacked."""
    for path in folder.rglob("*"):
        if not path.is_file() or "build" in path.parts or "/code/" in str(path):
            continue
        body = path.read_bytes()
        yield str(path), body
        if body[:2] == b"\x1f\x8b":
            yield f"{path} unpacked", _unpacked(body)
        if body[:4] == b"PAR1":
            query = f"SELECT to_json(t)::VARCHAR FROM read_parquet('{path}') t"
            rows = duckdb.connect().execute(query).fetchall()
            yield f"{path} as rows", "\n".join(str(row) for (row,) in rows).encode()


def _unpacked(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return b""


def _holding(kept: dict[str, bytes], text: str) -> list[str]:
    return [name for name, body in kept.items() if text.encode() in body]
