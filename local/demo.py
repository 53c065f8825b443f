"""The demo: a district's roster arrives over REST, by zip and over SFTP.

    make demo

Only the AWS account is emulated. The real template is deployed to the emulator. A sample district's
OneRoster server and an SFTP server (OpenSSH's if there is an sshd, otherwise AsyncSSH's) run on
this machine.
"""

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.api import Api, signed_in
from local.demo_reading import show_reading
from local.demo_updates import show_updates
from local.entry import CommandError, run_command
from local.progress import BOLD, DIM, GREEN, RED, paint, step
from local.run_view import SILENCE, follow, sync
from local.sample_district.bundle import csv_files, pack
from local.sample_district.roster import District, generate
from local.sample_district.school_year import year_under_way
from local.sample_district.server import DistrictServer
from local.sftp_server import available_servers
from local.stack import Stack, start, stop
from local.stored_roster import letter_of, stored_items, stored_records
from local.upload import upload
from local.waiting import Seen, wait_for
from shared.adapters.roster_table.attributes import Doc, RecordItem
from shared.adapters.roster_table.keys import PK, SK

ENTITIES = ("partners", "academicSessions", "courses", "classes", "users", "enrollments")

# Four schools: small enough to wait for, three times.
PUPILS = 2_300

Json = dict[str, Any]
Names = Counter[tuple[str, str]]


def main() -> int:
    """Run the demo; the exit status says whether everything arrived and unchanged data was free."""
    began = time.monotonic()
    # So that somebody is in each class on the day of the demo.
    year = year_under_way(datetime.now(UTC).date())
    print(paint("\nHomeroom, on an emulated AWS account", BOLD))
    with _workplace() as folder:
        stack = start(folder)
        with DistrictServer(generate(pupils=PUPILS, year=year)) as server:
            good = _show(stack, server)
        if not good:
            raise CommandError("The roster is not what was sent: see the lines marked ✗.")
    text = (
        "The whole district arrived each way, unchanged data cost nothing, and nobody was deleted "
        "by accident."
    )
    print(paint(f"\n{text}", GREEN), paint(f"It took {time.monotonic() - began:.0f} s.\n", DIM))
    return 0


@contextmanager
def _workplace() -> Iterator[Path]:
    """Give the stack a folder while the block runs; if the block fails, keep the logs."""
    folder = Path(tempfile.mkdtemp(prefix="homeroom-demo-"))
    failed = False
    try:
        yield folder
    except Exception:
        failed = True
        raise
    finally:
        # The reader of our output may be gone; end the stack anyway.
        with suppress(OSError):
            print("\nStopping the stack and removing its files", flush=True)
        stop(folder)
        if failed:
            _keep_logs(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _keep_logs(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix != ".log":
            path.unlink(missing_ok=True)
    print(f"\nThe stack's logs are kept in {folder}", file=sys.stderr)


def _show(stack: Stack, server: DistrictServer) -> bool:
    district = server.district
    with step("Signing in through Cognito"):
        api = signed_in(stack, stack.admin_username, stack.admin_password)
    with step("Adding the group Springfield"):
        group_id = _add_group(api, server)

    print(paint("\nFirst sync, over OneRoster 1.1 with OAuth 1.0a signatures", BOLD))
    first = sync(api, group_id)
    written = names_of(stack, group_id)
    arrived = _table(first, district, "created")
    print(f"  {written.total():,} records written to the roster")

    print(paint("\nA few of them", BOLD))
    for line in _samples(api, group_id):
        print(f"  {line}")

    read = show_reading(api, group_id)

    print(paint("\nSecond sync of the same district", BOLD))
    before = table_of(stack)
    second = sync(api, group_id)
    again = len(dict(table_of(stack).items() ^ before.items()))
    unchanged = _table(second, district, "unchanged")
    print(f"  {again:,} items written to the roster table")

    good = arrived and read and unchanged and not again
    good = _show_zip(stack, api, district, written) and good
    good = _show_sftp(stack, api, district, written) and good
    return show_updates(api, group_id, server) and good


def _show_zip(stack: Stack, api: Api, district: District, over_rest: Names) -> bool:
    """Upload the district as a bundle, and compare its roster with the one from REST."""
    print(paint("\nThe same district by Zip Upload, OneRoster 1.1", BOLD))
    group_id = _add(api, district, "Springfield by zip", "SPR-ZIP", syncType="ZIP", suffix="@zip")
    bundle = pack(csv_files(district, "1.1"))
    address = api.ask("POST", f"/groups/{group_id}/uploads", {"mode": "sync"}, status=201)
    with step(f"Uploading the bundle, {len(bundle) / 1e6:.1f} MB, to the address in S3"):
        upload(address, bundle)
    run_id = _run_of(api, group_id, address["uploadId"])
    run = follow(api, group_id, run_id, state="Succeeded")
    return _table(run, district, "created") and _alike(stack, group_id, over_rest)


def _run_of(api: Api, group_id: str, upload_id: str) -> str:
    """Wait until S3 has announced an upload and a run has begun; returns the run's id."""
    path = f"/groups/{group_id}/syncs"

    def look() -> Seen[str]:
        runs = api.get(path)["syncs"]
        return Seen(next((run["runId"] for run in runs if run["uploadId"] == upload_id), None))

    complaint = f"No run has begun {SILENCE} s after the upload. Look at the log of ingest_zip."
    return wait_for(look, lambda: complaint, silence=SILENCE)


def _show_sftp(stack: Stack, api: Api, district: District, over_rest: Names) -> bool:
    """Fetch the district's bundle from a real SFTP server, twice."""
    print(paint("\nThe same district over SFTP, OneRoster 1.2", BOLD))
    kind, *_ = available_servers()
    print(f"  {kind.product}'s server runs on this machine")
    with tempfile.TemporaryDirectory() as folder, kind(Path(folder)) as server:
        (server.files / "roster.zip").write_bytes(pack(csv_files(district, "1.2")))
        connection = server.connection("roster.zip")
        group_id = _add(
            api,
            district,
            "Springfield by SFTP",
            "SPR-SFTP",
            syncType="SFTP",
            suffix="@sftp",
            onboardingType="OneRoster1.2",
            connection=connection,
        )
        run = sync(api, group_id)
        good = _table(run, district, "created") and _alike(stack, group_id, over_rest)
        print(paint("\nFetched again, unchanged at the server", BOLD))
        again = sync(api, group_id)
        for notice in again["notices"]:
            print(f"  {notice['message']}")
        return good and [notice["code"] for notice in again["notices"]] == ["bundle_unchanged"]


def names_of(stack: Stack, group_id: str) -> Names:
    """Count a group's records in the roster table by kind and sourcedId.

    A membership is not identified by its enrollment's sourcedId, so enrollments are only counted.
    """
    records = stored_records(stack, group_id, (PK, Doc.SOURCED_ID))
    # The projection of a record without sourcedId has no document.
    return Counter((letter_of(item), str(item.get(RecordItem.DOC))) for item in records)


def _alike(stack: Stack, group_id: str, over_rest: Names) -> bool:
    """Whether a group's roster has the same records as the one read over REST."""
    names = names_of(stack, group_id)
    same = names == over_rest
    text = "the same records as over REST" if same else "other records than over REST"
    print(f"  {names.total():,} records: {text}  {_mark(same)}")
    return same


def _mark(good: bool) -> str:
    return paint("✓", GREEN) if good else paint("✗", RED)


def _add_group(api: Api, server: DistrictServer) -> str:
    connection = {
        "url": server.url,
        "authorization": "OAuth1.0",
        "consumerKey": server.credentials.key,
        "secretKey": server.credentials.secret,
    }
    return _add(api, server.district, "Springfield", "SPR", connection=connection)


def _add(api: Api, district: District, name: str, client_group_id: str, **fields: Any) -> str:
    group = {
        "name": name,
        "email": "it@springfield.example",
        "clientGroupId": client_group_id,
        "onboardingType": "OneRoster1.1",
        "clientPartnerId": district.client_partner_id,
    }
    return str(api.ask("POST", "/groups", group | fields, status=201)["groupId"])


def _table(run: Json, district: District, column: str) -> bool:
    """Print a run's counts next to the district's own; True if all of them are equal."""
    expected = district.counts()
    print(paint(f"\n  {'':<18}{'district':>10}{'created':>10}{'updated':>10}"
                f"{'unchanged':>11}{'rejected':>10}", DIM))  # fmt: skip
    equal = True
    for name in ENTITIES:
        counts = run["counts"][name]
        right = counts[column] == expected[name] and sum(counts.values()) == expected[name]
        equal = equal and right
        print(
            f"  {name:<18}{expected[name]:>10,}{counts['created']:>10,}{counts['updated']:>10,}"
            f"{counts['unchanged']:>11,}{counts['rejected']:>10,}  {_mark(right)}"
        )
    print()
    return equal


def table_of(stack: Stack) -> dict[tuple[str, str], str]:
    """Everything in the roster table, by key."""
    return {(item[PK], item[SK]): repr(item) for item in stored_items(stack)}


def _samples(api: Api, group_id: str) -> Iterator[str]:
    """One record of each kind that a reader cares about, in words."""

    def one(kind: str, more: str = "") -> Json:
        [found, *_] = api.get(f"/groups/{group_id}/{kind}?limit=5{more}")[kind]
        return dict(found)

    partner, class_, user = one("partners"), one("classes"), one("users")
    membership = one("enrollments", "&include=past,future")
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
    run_command(main)
