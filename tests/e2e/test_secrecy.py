"""A secret given in a request is found nowhere in clear, and no log or event names a pupil.

Everything that the emulator has kept is searched: tables, queues, bucket, logs, and its own log.
"""

import base64
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from local.api import Api
from local.emulator import REGION
from local.sample_district.quirks import Quirks
from local.sample_district.roster import generate
from local.sample_district.server import DistrictServer
from local.sample_district.signatures import Credentials
from local.stack import Stack, stop
from tests.e2e.bundles import add_zip_group
from tests.e2e.deployed import eventually, logs_of, new_admin
from tests.e2e.roster import add_group, sync

SECRET = "Kx7-the-secret-of-springfield-42"


def test_secrets_and_pupils_stay_where_they_belong(own_stack: Stack) -> None:
    district = generate(pupils=60)
    pupil = next(user for user in district.users if user.role == "student")
    api = new_admin(own_stack, "north")
    events = _listen(own_stack)
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
    zip_group = add_zip_group(api, district.client_partner_id)
    _drop_what_bears_a_name(own_stack, zip_group, group_id, pupil.identifier)

    # One line for each run that has ended, whichever function ended it.
    ended = {
        (each, run["runId"])
        for each in (group_id, zip_group)
        for run in eventually(partial(_runs, api, each)) or []
    }
    lines: list[str] = []

    def seen() -> Counter[tuple[str, str]]:
        # What an invocation has printed is there when it has ended, a little after its run.
        lines[:] = [line for name in own_stack.functions for line in logs_of(own_stack, name)]
        ends = [json.loads(line) for line in lines if '"run ended"' in line]
        return Counter((line["group_id"], line["run_id"]) for line in ends)

    eventually(lambda: ended <= seen().keys())
    assert {run: seen()[run] for run in ended} == dict.fromkeys(ended, 1)
    assert len(lines) > 50
    told: list[str] = []

    def heard() -> bool:
        told.extend(events())
        return {"Run Finished", "Drop Refused"} <= {json.loads(e)["detail-type"] for e in told}

    eventually(heard)
    for personal in (pupil.username, pupil.identifier, pupil.sourced_id, f"{pupil.username}@"):
        for text in (*lines, *told):
            assert personal not in text

    stop(Path(own_stack.folder))
    kept = dict(_contents(Path(own_stack.folder)))
    assert _holding(kept, pupil.identifier), "the search does not see the roster"
    assert _holding(kept, "sample-key"), "the search does not see the groups"
    for written in (SECRET, SECRET[::-1], base64.b64encode(SECRET.encode()).decode().rstrip("=")):
        assert _holding(kept, written) == []
    assert _holding(kept, "never-store-this") == [], "a password was stored"


def _drop_what_bears_a_name(stack: Stack, zip_group: str, api_group: str, name: str) -> None:
    """Drop bundles under a pupil's name where nobody's, another's and a zip group's lie."""
    places = (f"{name}.zip", f"{name}/a.zip", f"{api_group}/{name}.zip", f"{zip_group}/{name}.zip")
    for place in places:
        stack.client("s3").put_object(Bucket=stack.drop_bucket, Key=f"drops/{place}", Body=b"PK")

    def refused() -> bool:
        return sum("drop refused" in line for line in logs_of(stack, "ingest_zip")) == 3

    eventually(refused, 60)


def _runs(api: Api, group_id: str) -> list[Any] | None:
    """The runs of a group, once there are some and all have ended."""
    runs = api.get(f"/groups/{group_id}/syncs")["syncs"]
    return runs if runs and not any(run["open"] for run in runs) else None


def _listen(stack: Stack) -> Callable[[], list[str]]:
    """Have all our events come to a queue; the answer reads those that have come."""
    bus, sqs = stack.client("events"), stack.client("sqs")
    url = sqs.create_queue(QueueName="all-events")["QueueUrl"]
    bus.put_rule(Name="all-events", EventPattern=json.dumps({"source": ["homeroom"]}))
    arn = f"arn:aws:sqs:{REGION}:000000000000:all-events"
    bus.put_targets(Rule="all-events", Targets=[{"Id": "queue", "Arn": arn}])

    def read() -> list[str]:
        found: list[str] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in messages]
        return found

    return read


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
