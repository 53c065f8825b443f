"""Fetching over SFTP: what is cut off goes on, what changed begins anew, what is the same is left.

The server is in memory here; test_sftp_server.py has a real one.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.run.remote_files import Listing, RemoteFile
from shared.domain.run.run import RunState
from shared.messages import ExtractLeg
from shared.sync.back_off import BackOff
from shared.sync.fetch import copy_file
from shared.sync.fetch.choose_bundle import choose_newest
from shared.sync.fetch.fetch_bundle import fetch_leg
from tests.fakes.fetching import MB, Fetching, InMemoryServer


def test_a_copy_cut_off_at_40_percent_goes_on_where_it_stopped() -> None:
    whole = bytes(range(256)) * (40 * MB // 256)
    fetching = Fetching(InMemoryServer({"out/r.zip": whole}, cut_at=16 * MB, times=1))
    run = fetching.fetch()
    assert fetching.fetched(run) == {"r.zip": whole}
    assert fetching.logins == 2
    assert fetching.uploads.begun == 1
    assert fetching.server.served == len(whole), "nothing was fetched twice"


def test_a_server_that_keeps_breaking_ends_the_run_and_the_next_one_succeeds() -> None:
    server = InMemoryServer({"out/r.zip": bytes(3 * MB)}, cut_at=MB, times=10_000)
    fetching = Fetching(server)
    run = fetching.fetch()
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "sftp_unreachable")
    assert fetching.uploads.open == {}, "the parts are given up"
    server.times = 0
    assert fetching.fetched(fetching.fetch()) == {"r.zip": bytes(3 * MB)}


def test_what_a_broken_connection_brought_is_kept() -> None:
    whole = bytes(range(256)) * (20 * MB // 256)
    fetching = Fetching(InMemoryServer({"out/r.zip": whole}, cut_at=12 * MB, times=2))
    assert fetching.fetched(fetching.fetch()) == {"r.zip": whole}
    assert fetching.server.served == len(whole), "nothing was fetched twice"


def test_a_copy_longer_than_a_leg_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bytes(range(256)) * (33 * MB // 256)
    fetching = Fetching(InMemoryServer({"out/r.zip": whole}), leg=timedelta(0))
    # Every leg is over at its first look, and still brings the copy on.
    monkeypatch.setattr(copy_file, "LEAST_PART_BYTES", 1)
    run = fetching.fetch()
    assert fetching.fetched(run) == {"r.zip": whole}
    assert fetching.server.served == len(whole)
    assert run.leg > 30


def test_a_file_that_changes_while_it_is_copied_is_copied_anew() -> None:
    server = InMemoryServer({"out/r.zip": bytes(4 * MB)}, cut_at=2 * MB, times=1)
    fetching = Fetching(server)
    ports = fetching.ports()

    def change(seconds: float) -> None:
        server.files["out/r.zip"], server.modified["out/r.zip"] = b"new" * MB, 2

    run = fetching.world.request()
    message = fetching.world.take()
    assert isinstance(message, ExtractLeg)
    fetch_leg(message, replace(ports, back_off=BackOff(change, lambda: 0.5)), "worker")
    assert fetching.fetched(fetching.world.control.runs[run.key]) == {"r.zip": b"new" * MB}
    assert fetching.uploads.open == {}


def test_an_unchanged_bundle_costs_no_more_than_the_look() -> None:
    fetching = Fetching(InMemoryServer({"out/r.zip": bytes(MB)}))
    first = fetching.fetch()
    fetching.end(first)
    before = fetching.server.looks
    run = fetching.fetch()
    assert run.state is RunState.SUCCEEDED
    assert [notice.code for notice in run.notices] == ["bundle_unchanged"]
    assert (fetching.server.opened, fetching.server.looks - before) == (1, 1)
    # Said of the run before alone: one that failed leaves nothing to lean on.
    fetching.server.modified["out/r.zip"] = 9
    assert fetching.fetched(fetching.fetch()) == {"r.zip": bytes(MB)}


def test_loose_files_are_copied_side_by_side() -> None:
    files = {"out/orgs.csv": b"a", "out/users.csv": b"", "out/readme.txt": b"x"}
    run = Fetching(InMemoryServer(files)).fetch()
    assert run.bundle is not None
    assert run.bundle.loose
    assert [each.name for each in run.bundle.objects] == ["orgs.csv", "users.csv"]


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ({"a-2026-09-01.zip": 9, "a-2026-09-02.zip": 1}, "a-2026-09-02.zip"),
        ({"20260901_2300.zip": 1, "20260901_0100.zip": 2}, "20260901_2300.zip"),
        ({"roster.zip": 1, "a-2026-09-02.zip": 2}, "a-2026-09-02.zip"),
        ({"b.zip": 3, "a.zip": 3}, "b.zip"),
        ({"school-12345678.zip": 5, "x.zip": 6}, "x.zip"),
    ],
)
def test_the_newest_is_told_by_the_dates_in_names_or_by_times(
    files: dict[str, int], chosen: str
) -> None:
    found = choose_newest([RemoteFile(path=n, name=n, modified=at) for n, at in files.items()])
    assert found is not None
    assert found.name == chosen


def test_a_folder_named_by_its_day_is_a_bundle() -> None:
    files = {"out/2026-09-01/orgs.csv": b"old", "out/2026-09-02/orgs.csv": b"new"}
    fetching = Fetching(InMemoryServer(files))
    assert fetching.fetched(fetching.fetch()) == {"orgs.csv": b"new"}


@pytest.mark.parametrize("files", [{"out/x.txt": b"x"}, {"out": b"a,b"}])
def test_what_is_no_bundle_is_said_so(files: dict[str, bytes]) -> None:
    run = Fetching(InMemoryServer(files)).fetch()
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "sftp_no_bundle")


class _Growing(InMemoryServer):
    """A server on which somebody writes the file until it has been looked at so often."""

    until: int = 0

    def look(self, path: str) -> Listing:
        there = super().look(path)
        if self.looks <= self.until:
            self.files["out/r.zip"] += b"more"
        return there


def _just_written(fetching: Fetching, ahead: timedelta = timedelta(0)) -> None:
    fetching.server.modified["out/r.zip"] = int((fetching.world.now + ahead).timestamp())


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=1), timedelta(seconds=-100)])
def test_a_file_just_written_waits_for_a_second_look(ahead: timedelta) -> None:
    fetching = Fetching(InMemoryServer({"out/r.zip": b"whole"}))
    _just_written(fetching, ahead)
    run = fetching.fetch()
    assert fetching.fetched(run) == {"r.zip": b"whole"}
    assert fetching.logins == 2
    assert run.leg == 2


def test_a_file_older_than_that_is_fetched_at_once() -> None:
    fetching = Fetching(InMemoryServer({"out/r.zip": b"whole"}))
    _just_written(fetching, -fetching.quiet)
    fetching.fetch()
    assert fetching.logins == 1


def test_a_file_that_grew_between_two_looks_is_fetched_when_it_is_whole() -> None:
    server = _Growing({"out/r.zip": b"begun"})
    server.until = 2
    fetching = Fetching(server)
    _just_written(fetching)
    run = fetching.fetch()
    assert fetching.fetched(run) == {"r.zip": b"begunmoremore"}


def test_a_file_that_never_stops_growing_ends_the_run() -> None:
    server = _Growing({"out/r.zip": b"begun"})
    server.until = 10_000
    fetching = Fetching(server)
    _just_written(fetching)
    run = fetching.fetch()
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "sftp_still_changing")
    assert fetching.uploads.begun == 0, "nothing of it was copied"
