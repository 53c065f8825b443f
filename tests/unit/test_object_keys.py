"""Keys in the data bucket: what they are, what they say, and that one module alone knows them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain import object_keys
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.object_keys import ENDS, LIFECYCLE, Folder, UploadedBundle
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Mode

ROOT = Path(__file__).parents[2]
GROUP = GroupId("g1")
RUN = RunKey(EnterpriseId("acme"), GROUP, 7)
PRODUCTION = ("shared", "functions", "local", "tools", "benchmarks")
BEGINS = re.compile(rf"(?<![\w-])({'|'.join(Folder)})/")


def test_keys_stay_what_they_are() -> None:
    """Tables and messages hold keys: one that changed would not be found again."""
    staged = object_keys.staged_prefix(RUN, Collection.USERS, 2, "w1")
    present = object_keys.present_prefix(RUN, Collection.USERS, 2, "w1")
    assert [
        object_keys.fetched_key(RUN, "w1", 1, 0, "roster.zip"),
        object_keys.staged_key(staged, 0),
        object_keys.staged_key(present, 3),
        object_keys.absent_key(RUN, "w1", Collection.USERS),
        object_keys.snapshot_key(RUN, "w1", Collection.ORGS),
        *object_keys.hold_keys(RUN, "w1"),
        object_keys.changes_key(RUN, "w1"),
        object_keys.index_key(object_keys.changes_key(RUN, "w1")),
        object_keys.unapplied_key(RUN),
        object_keys.errors_key(RUN),
        object_keys.errors_summary_key(RUN),
        object_keys.change_list_key(RUN),
        object_keys.export_key(GROUP, 7),
        object_keys.cover_key(GROUP, "i1"),
        object_keys.default_cover_key("0123abcd"),
        object_keys.upload_key(GROUP, Mode.UPDATE, "u1", accept_older=False),
        object_keys.upload_key(GROUP, Mode.SYNC, "u1", accept_older=True),
    ] == [
        "bundles/g1/7/w1-1/0-roster.zip",
        "staged/g1/7/users/2-w1-0.ndjson.gz",
        "staged/g1/7/present/users/2-w1-3.ndjson.gz",
        "staged/g1/7/absent/w1/users.txt",
        "snapshots/g1/7/w1/orgs.parquet",
        "holds/g1/7/w1/hold.csv",
        "holds/g1/7/w1/hold.json",
        "changes/g1/7/w1.ndjson.gz",
        "changes/g1/7/w1.ndjson.gz.index",
        "changes/g1/7/unapplied.ndjson.gz",
        "reports/g1/7/errors.csv",
        "reports/g1/7/summary.json",
        "reports/g1/7/changes.csv",
        "exports/g1/7.zip",
        "covers/g1/i1",
        "covers/default-0123abcd.svg",
        "drops/g1/update/u1.zip",
        "drops/g1/sync/older/u1.zip",
    ]


@pytest.mark.parametrize("mode", [Mode.SYNC, Mode.UPDATE, Mode.PREVIEW])
@pytest.mark.parametrize("older", [True, False])
def test_the_key_of_an_upload_says_what_was_asked_for(mode: Mode, older: bool) -> None:
    key = object_keys.upload_key(GROUP, mode, "u1", accept_older=older)
    assert object_keys.parse_upload(key) == UploadedBundle(GROUP, "u1.zip", mode, "u1", older)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("drops/g1/roster.zip", "roster.zip"),
        ("drops/g1/autumn/roster.zip", "roster.zip"),
        # Nobody asks for an upload in these modes; in a key of one's own, "older" means nothing.
        ("drops/g1/restore/u1.zip", "u1.zip"),
        ("drops/g1/older/u1.zip", "u1.zip"),
    ],
)
def test_a_key_of_ones_own_may_do_least(key: str, name: str) -> None:
    assert object_keys.parse_upload(key) == UploadedBundle(GROUP, name, Mode.SYNC, None, False)


@pytest.mark.parametrize("key", ["drops/roster.zip", "drops/g1/", "drops/"])
def test_what_lies_in_no_group_s_folder_is_no_bundle(key: str) -> None:
    assert object_keys.parse_upload(key) is None


def test_a_group_s_prefix_takes_in_no_other_group() -> None:
    ours, longer = GroupId("0" * 31 + "1"), GroupId("0" * 31 + "2")
    for folder in Folder:
        assert not folder.of_group(longer).startswith(folder.of_group(ours))
    assert ENDS.keys() == set(Folder)


def _literals(source: str) -> Iterator[tuple[int, str]]:
    """The strings in code, and the parts of f-strings, that know a key or the name of the tag."""
    constants = (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Constant))
    for each in constants:
        text = each.value
        if isinstance(text, str) and (text == LIFECYCLE or BEGINS.search(text)):
            yield each.lineno, text


def test_no_other_module_knows_a_key() -> None:
    home = ROOT / "shared" / "domain" / "object_keys.py"
    assert list(_literals(home.read_text()))
    found = {
        f"{path.relative_to(ROOT)}:{line}: {text[:40]}"
        for folder in PRODUCTION
        for path in (ROOT / folder).rglob("*.py")
        if path != home
        for line, text in _literals(path.read_text())
    }
    assert found == set()


@pytest.mark.parametrize(
    "planted",
    [
        'key = f"drops/{group_id}/x.zip"',
        'key = "staged/" + group_id',
        'url = f"s3://{bucket}/snapshots/{group_id}"',
        '"""Objects lie under ``reports/{groupId}``."""',
        'tags = {"lifecycle": "current"}',
    ],
)
def test_a_key_elsewhere_would_be_found(planted: str) -> None:
    assert list(_literals(planted))
