"""The first sync by hand: what README shows, and what `make up` prints, is one thing."""

import json
import re
from pathlib import Path

import pytest

from local import call
from local.district import SampleDistrict
from local.emulator import StackError
from local.first_sync import LINES
from local.stack import Stack
from local.up import describe

ROOT = Path(__file__).parents[2]


def stack_in(folder: Path) -> Stack:
    return Stack(
        api_url="http://127.0.0.1:1/v1",
        endpoint_url="http://127.0.0.1:1",
        region="eu-central-1",
        user_pool_id="pool",
        user_pool_client_id="client",
        admin_username="admin@demo.example",
        admin_password="not-a-password",
        drop_bucket="drops",
        stack_name="homeroom-local",
        control_table="control",
        roster_table="roster",
        secrets_key_id="key",
        queue_urls={},
        functions={},
        folder=str(folder),
        made_of="",
    )


SAMPLE = SampleDistrict(0, 8000, "http://127.0.0.1:8000", "key", 'se"cret', "district")


def test_readme_has_the_lines_that_make_up_prints(tmp_path: Path) -> None:
    [block] = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    printed = describe(stack_in(tmp_path), SAMPLE, "It is empty.")
    assert [line.strip() for line in printed.splitlines() if line.startswith("  ")][-len(LINES) :] \
        == block.splitlines()  # fmt: skip
    assert len(LINES) <= 10


def test_what_make_up_prints_signs_in(tmp_path: Path) -> None:
    printed = describe(stack_in(tmp_path), SAMPLE, "It is empty.")
    assert "admin@demo.example" in printed
    assert "not-a-password" in printed
    assert "call sign-in" in printed


def test_body_is_filled_with_where_the_district_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SAMPLE.write(tmp_path)
    monkeypatch.setattr(SampleDistrict, "lives", True)
    body = call.body_of(str(ROOT / "local/requests/springfield.json"), tmp_path)
    assert body["connection"]["url"] == "http://127.0.0.1:8000"
    assert body["connection"]["secretKey"] == 'se"cret'
    assert "${" not in json.dumps(body)


def test_body_without_a_district_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make up"):
        call.body_of(str(ROOT / "local/requests/springfield.json"), tmp_path)


@pytest.mark.parametrize("given", ["{not json", "no/such/file.json"])
def test_body_that_is_none_is_refused_in_words(given: str, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="JSON"):
        call.body_of(given, tmp_path)


def test_one_value_is_picked() -> None:
    answer = {"classes": [{"id": "abc"}], "asOf": None, "n": 3}
    assert call.pick(answer, "classes.0.id") == "abc"
    assert call.pick(answer, "n") == "3"
    for path in ("classes.1.id", "classes.x", "asOf.runId", "id"):
        with pytest.raises(StackError, match=re.escape(f"no {path}")):
            call.pick(answer, path)


def test_path_with_an_empty_part_is_not_sent(tmp_path: Path) -> None:
    """What the line before should have given is missing."""
    for path in ("/groups//syncs", "groups"):
        with pytest.raises(StackError, match="not a path of the API"):
            call.call(stack_in(tmp_path), "GET", path, None, once=None, follows=False)
