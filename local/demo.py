"""The main job, shown: a group is added, a district's roster arrives, and a second sync is free.

    make demo

Everything is real but the account: the template is deployed to an emulator of AWS, and a sample
district's OneRoster server answers on this machine.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.api import Api
from local.emulator import StackError
from local.progress import BOLD, DIM, GREEN, RED, paint, step
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack, sign_in, start, stop

RUN_SECONDS = 300
BAR = 32
ENTITIES = ("partners", "academicSessions", "courses", "classes", "users", "enrollments")

Json = dict[str, Any]


def main() -> int:
    """Show it; the exit status says whether the district arrived whole and the rest was free."""
    folder = Path(tempfile.mkdtemp(prefix="homeroom-demo-"))
    print(paint("\nHomeroom, on an emulated AWS account", BOLD))
    try:
        stack = start(folder)
        with DistrictServer(generate()) as server:
            return 0 if _show(stack, server) else 1
    except StackError as error:
        print(paint(f"\n{error}", RED), file=sys.stderr)
        return 1
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _show(stack: Stack, server: DistrictServer) -> bool:
    district = server.district
    with step("Signing in through Cognito"):
        api = Api(stack.api_url, sign_in(stack, stack.admin_username, stack.admin_password))
    with step("Adding the group Springfield"):
        group_id = _add_group(api, server)

    print(paint("\nFirst sync, over OneRoster 1.1 with OAuth 1.0a signatures", BOLD))
    first = _sync(api, group_id)
    written = [item for item in _written_by(stack, first) if item["pk"].startswith(group_id)]
    arrived = _table(first, district, "created")
    print(f"  {len(written):,} records written to the roster")

    print(paint("\nA few of them", BOLD))
    for line in _samples(written):
        print(f"  {line}")

    print(paint("\nSecond sync of the same district", BOLD))
    second = _sync(api, group_id)
    again = _written_by(stack, second)
    unchanged = _table(second, district, "unchanged")
    print(f"  {len(again):,} items written to the roster table")

    good = arrived and unchanged and not again
    text = "The whole district is there, and what did not change cost nothing."
    print(paint(f"\n{text}\n" if good else "\nThe counts differ.\n", GREEN if good else RED))
    return good


def _add_group(api: Api, server: DistrictServer) -> str:
    answer = api.call(
        "POST",
        "/groups",
        {
            "name": "Springfield",
            "email": "it@springfield.example",
            "clientGroupId": "SPR",
            "onboardingType": "OneRoster1.1",
            "clientPartnerId": server.district.client_partner_id,
            "connection": {
                "url": server.url,
                "authorization": "OAuth1.0",
                "consumerKey": server.credentials.key,
                "secretKey": server.credentials.secret,
            },
        },
    )
    if answer.status != 201:
        message = f"The group was not added: {answer.body}"
        raise StackError(message)
    return str(answer.body["groupId"])


def _sync(api: Api, group_id: str) -> Json:
    """Ask for a sync and show its progress until it has ended."""
    answer = api.call("POST", f"/groups/{group_id}/syncs", {"mode": "sync"})
    print(f"  {answer.body['message']} {paint('(run ' + answer.body['runId'] + ')', DIM)}")
    shown = ""

    def show(run: Json) -> None:
        nonlocal shown
        line = _progress(run)
        if line != shown and (sys.stdout.isatty() or run["state"] not in shown):
            end = "" if sys.stdout.isatty() else "\n"
            print(f"\r\033[K  {line}" if end == "" else f"  {line}", end=end, flush=True)
        shown = line

    run = api.follow_run(group_id, answer.body["runId"], RUN_SECONDS, show)
    if sys.stdout.isatty():
        print()
    if run["reason"]:
        print(paint(f"  {run['reason']['message']}", RED))
    return run


def _progress(run: Json) -> str:
    progress = run["progress"]
    match progress.get("stage"):
        case "fetching":
            fetched = sum(progress["fetched"].values())
            return f"{run['state']:<12} {fetched:,} rows fetched"
        case "applying":
            done, all_ = progress["batchesApplied"], progress["batches"]
            full = BAR * done // all_
            return f"{run['state']:<12} {'█' * full}{'░' * (BAR - full)} {done} of {all_} batches"
    return str(run["state"])


def _table(run: Json, district: District, column: str) -> bool:
    """Print a run's counts beside the district's own; True if they are equal throughout."""
    expected = district.counts()
    print(paint(f"\n  {'':<18}{'district':>10}{'created':>10}{'updated':>10}"
                f"{'unchanged':>11}{'rejected':>10}", DIM))  # fmt: skip
    equal = bool(run["state"] == "Succeeded")
    for name in ENTITIES:
        counts = run["counts"][name]
        right = counts[column] == expected[name] and sum(counts.values()) == expected[name]
        equal = equal and right
        mark = paint("✓", GREEN) if right else paint("✗", RED)
        print(
            f"  {name:<18}{expected[name]:>10,}{counts['created']:>10,}{counts['updated']:>10,}"
            f"{counts['unchanged']:>11,}{counts['rejected']:>10,}  {mark}"
        )
    print()
    return equal


def _written_by(stack: Stack, run: Json) -> list[Json]:
    """Read the items of the roster table that a run has written: each bears its run's number."""
    return [item for item in _items(stack) if item["seq"] == int(run["runId"])]


def _items(stack: Stack) -> Iterator[Json]:
    read = TypeDeserializer().deserialize
    paginator = stack.client("dynamodb").get_paginator("scan")
    for page in paginator.paginate(TableName=stack.roster_table):
        for item in page["Items"]:
            yield {name: read(value) for name, value in item.items()}


def _samples(items: list[Json]) -> Iterator[str]:
    """One record of each kind that a person cares for, in words."""
    by_kind: dict[str, Json] = {}
    for item in sorted(items, key=lambda item: str(item["sk"])):
        by_kind.setdefault(item["pk"].split("#")[1], item["doc"])
    partner, class_, user = by_kind["P"], by_kind["C"], by_kind["U"]
    membership = by_kind["E"]
    yield f"partner     {paint(partner['name'], BOLD)} ({partner['type']})"
    grades = ", ".join(class_.get("grades", ()))
    yield f"class       {paint(class_['title'], BOLD)}, grade {grades}"
    name = f"{user['givenName']} {user['familyName']}"
    yield f"user        {paint(name, BOLD)}, {user['roles'][0]['role']}, {user['loginName']}"
    yield (
        f"enrollment  {membership['role']} from {membership['beginDate']} "
        f"to {membership['endDate']}"
    )


if __name__ == "__main__":
    sys.exit(main())
