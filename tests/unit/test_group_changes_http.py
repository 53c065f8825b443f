"""Changes of groups over HTTP: what merges, what stays, what must be given anew."""

from datetime import datetime
from typing import Any

import pytest

from functions.create_group import handler
from shared import clock
from shared.adapters.dynamodb.values import unmarshal
from tests.unit.http_stack import HttpStack, connection, sftp

AUTO = {"syncFrequency": "Auto", "period": "Daily"}


def _ciphertext(stack: HttpStack, group_id: str, name: str = "secretKey") -> str:
    secrets = stack.group_item(group_id)["config"]["M"]["secrets"]["M"]
    return str(secrets[name]["S"])


def test_a_change_merges_and_counts_up(stack: HttpStack) -> None:
    group_id = stack.create(description="old")["groupId"]
    answer = stack.groups(
        f"PATCH /groups/{group_id}",
        {"version": 1, "description": None, "connection": {"pageSize": 500}},
    )
    assert answer.status == 200
    assert (answer.json["description"], answer.json["version"]) == ("", 2)
    assert answer.json["connection"]["pageSize"] == 500
    assert answer.json["connection"]["secretsSet"] == ["secretKey"]
    assert stack.group_item(group_id)["version"] == {"N": "2"}


@pytest.mark.parametrize(
    ("body", "headers"), [({"version": 1}, {}), ({}, {"If-Match": '"1"'}), ({}, {"if-match": "1"})]
)
def test_a_change_of_another_version_is_refused(
    stack: HttpStack, body: dict[str, Any], headers: dict[str, str]
) -> None:
    group_id = stack.create()["groupId"]
    stack.groups(f"PATCH /groups/{group_id}", {"description": "x"})
    answer = stack.groups(f"PATCH /groups/{group_id}", body | {"suffix": "-s"}, headers=headers)
    assert (answer.status, answer.json["code"]) == (412, "version_conflict")
    assert stack.groups(f"GET /groups/{group_id}").json["suffix"] == ""


def test_changes_at_once_that_name_no_version_are_both_made(
    stack: HttpStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    group_id = stack.create()["groupId"]
    store = handler.build().ports.groups
    change = store.change
    overtaken: list[bool] = []

    def change_too_late(old: Any, new: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            stack.groups(f"PATCH /groups/{group_id}", {"description": "theirs"})
        change(old, new)

    monkeypatch.setattr(store, "change", change_too_late)
    answer = stack.groups(f"PATCH /groups/{group_id}", {"suffix": "-ours"})
    shown = [answer.json[name] for name in ("description", "suffix", "version")]
    assert (answer.status, shown) == (200, ["theirs", "-ours", 3])


@pytest.mark.parametrize("version", ["1", None, True, 1.5])
def test_a_version_that_is_no_number_is_refused(stack: HttpStack, version: Any) -> None:
    group_id = stack.create()["groupId"]
    answer = stack.groups(f"PATCH /groups/{group_id}", {"version": version, "suffix": "-s"})
    assert (answer.status, answer.fields) == (422, ["version"])


@pytest.mark.parametrize(
    "change", [{"url": "https://evil.example"}, {"tokenUrl": "https://evil.example/token"}]
)
def test_a_kept_secret_goes_to_no_other_server(stack: HttpStack, change: dict[str, str]) -> None:
    group_id = stack.create()["groupId"]
    before = _ciphertext(stack, group_id)
    answer = stack.groups(f"PATCH /groups/{group_id}", {"connection": change})
    assert (answer.status, answer.fields) == (422, ["connection.secretKey"])
    given = {"connection": change | {"secretKey": "another"}}
    assert stack.groups(f"PATCH /groups/{group_id}", given).status == 200
    assert _ciphertext(stack, group_id) != before


def test_a_kept_password_goes_to_no_other_server(stack: HttpStack) -> None:
    group_id = stack.create(syncType="SFTP", connection=sftp())["groupId"]
    for change in ({"host": "evil.example"}, {"port": 2222}):
        answer = stack.groups(f"PATCH /groups/{group_id}", {"connection": change})
        assert (answer.status, answer.fields) == (422, ["connection.password"])


def test_a_password_may_be_replaced_by_a_private_key_and_back(stack: HttpStack) -> None:
    group_id = stack.create(syncType="SFTP", connection=sftp())["groupId"]
    for given, kept in (
        ({"privateKey": "key", "passphrase": "phrase"}, ["passphrase", "privateKey"]),
        ({"privateKey": "another key"}, ["privateKey"]),
        ({"password": "word"}, ["password"]),
    ):
        answer = stack.groups(f"PATCH /groups/{group_id}", {"connection": given})
        assert answer.status == 200, answer.text
        assert answer.json["connection"]["secretsSet"] == kept


def test_another_sync_type_takes_a_whole_new_connection(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    answer = stack.groups(f"PATCH /groups/{group_id}", {"syncType": "SFTP", "connection": sftp()})
    assert answer.status == 200, answer.text
    assert answer.json["connection"]["secretsSet"] == ["password"]
    answer = stack.groups(f"PATCH /groups/{group_id}", {"syncType": "ZIP", "connection": None})
    assert answer.status == 200, answer.text
    assert stack.group_item(group_id)["config"]["M"].get("secrets", {"M": {}}) == {"M": {}}


def test_a_group_pointed_to_1_2_gets_the_path_of_1_2(stack: HttpStack) -> None:
    group_id = stack.create(connection=connection(authorization="OAuth2.0"))["groupId"]
    answer = stack.groups(f"PATCH /groups/{group_id}", {"onboardingType": "OneRoster1.2"})
    assert answer.json["connection"]["path"] == "/ims/oneroster/rostering/v1p2"


def test_a_change_elsewhere_does_not_put_off_the_next_run(stack: HttpStack) -> None:
    group = stack.create(syncFrequency="Auto", period="Weekly")
    past = {"N": "1700000000"}
    stack.set_on_group(group["groupId"], nextRunAt=past)
    stack.groups(f"PATCH /groups/{group['groupId']}", {"description": "x"})
    assert stack.group_item(group["groupId"])["nextRunAt"] == past
    stack.groups(f"PATCH /groups/{group['groupId']}", {"syncHour": 5})
    assert stack.group_item(group["groupId"])["nextRunAt"] != past
    manual = {"syncFrequency": "Manual", "period": None}
    assert stack.groups(f"PATCH /groups/{group['groupId']}", manual).status == 200
    item = stack.group_item(group["groupId"])
    assert not {"nextRunAt", "duePeriod", "period"} & set(item)


def test_what_runs_have_learned_is_forgotten_with_another_source(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    stack.set_on_group(group_id, learned={"M": {"signature": {"S": "HMAC-SHA1"}}})
    stack.groups(f"PATCH /groups/{group_id}", {"description": "x"})
    assert "learned" in stack.group_item(group_id)
    stack.groups(f"PATCH /groups/{group_id}", {"connection": {"path": "/other"}})
    assert "learned" not in stack.group_item(group_id)


def test_a_change_leaves_alone_what_runs_write(stack: HttpStack) -> None:
    group = stack.create(**AUTO)
    stack.set_on_group(group["groupId"], shards={"N": "2"}, dirty={"L": [{"S": "k"}]})
    stack.groups(f"PATCH /groups/{group['groupId']}", {"name": "New", "clientGroupId": "NEW"})
    item = stack.group_item(group["groupId"])
    assert (item["activeRun"], item["runSeq"]) == ({"N": "1"}, {"N": "1"})
    assert (item["shards"], item["dirty"]) == ({"N": "2"}, {"L": [{"S": "k"}]})


def test_a_rename_frees_the_old_name_and_takes_the_new(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    other_id = stack.create(name="Other", clientGroupId="OTH")["groupId"]
    taken = stack.groups(f"PATCH /groups/{group_id}", {"name": "other"})
    assert (taken.status, taken.fields) == (409, ["name"])
    assert stack.groups(f"PATCH /groups/{group_id}", {"name": "SPRINGFIELD"}).status == 200
    assert stack.groups(f"PATCH /groups/{group_id}", {"name": "New"}).status == 200
    assert stack.groups(f"PATCH /groups/{other_id}", {"name": "Springfield"}).status == 200


def test_a_calendar_moves_the_next_run_and_is_kept(stack: HttpStack) -> None:
    days = {
        "blackouts": [{"from": "2026-07-01", "to": "2026-08-20"}],
        "additionsOnly": [{"from": "2026-08-21", "to": "2026-09-10"}],
        "pause": {"until": "2030-01-31"},
    }
    created = stack.create(**AUTO, **days)
    path = f"/groups/{created['groupId']}"
    assert {name: created[name] for name in days} == days
    # Two in the morning of the day after the pause's last.
    assert created["nextRunAt"] == "2030-02-01T02:00:00+00:00"
    # Another change leaves it, and when the pause began, alone.
    since = stack.group_item(created["groupId"])["config"]["M"]["calendar"]["M"]["pause"]
    changed = stack.groups(f"PATCH {path}", {"description": "new"}).json
    assert {name: changed[name] for name in days} == days
    kept = stack.group_item(created["groupId"])["config"]["M"]["calendar"]["M"]["pause"]
    assert kept == since
    assert since["M"]["since"]["S"] < "2030"
    endless = stack.groups(f"PATCH {path}", {"pause": {"until": None}}).json
    assert (endless["pause"], endless["nextRunAt"]) == ({}, None)
    assert "nextRunAt" not in stack.group_item(created["groupId"])
    again = stack.groups(f"PATCH {path}", {"pause": None, "blackouts": []}).json
    assert (again["pause"], again["blackouts"]) == (None, [])
    assert again["nextRunAt"] is not None
    assert stack.groups(f"GET {path}").json["additionsOnly"] == days["additionsOnly"]


def at(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    """Let it be noon of a day."""
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(f"{day}T12:00+00:00"))
    handler.build.cache_clear()


def test_a_day_off_far_away_does_not_put_the_next_run_off(
    stack: HttpStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-09-01")
    path = f"/groups/{stack.create(**AUTO | {'period': 'Weekly'})['groupId']}"
    at(monkeypatch, "2026-09-06")

    def due(**changes: Any) -> str:
        answer = stack.groups(f"PATCH {path}", changes)
        assert answer.status == 200, answer.text
        return str(answer.json["nextRunAt"])

    assert due(description="the same") == "2026-09-08T02:00:00+00:00"
    assert due(blackouts=[{"from": "2027-07-01", "to": "2027-08-20"}]) == (
        "2026-09-08T02:00:00+00:00"
    )
    assert due(blackouts=[{"from": "2026-09-07", "to": "2026-10-20"}]) == (
        "2026-10-21T02:00:00+00:00"
    )
    # Without it, the next is on the group's own weekday again.
    assert due(blackouts=[]) == "2026-09-08T02:00:00+00:00"


def test_what_a_pause_was_is_remembered_when_it_is_taken_back(
    stack: HttpStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-06-20")
    group_id = stack.create(**AUTO)["groupId"]
    stack.set_on_group(group_id, base={"S": "{}"})
    at(monkeypatch, "2026-07-01")
    assert stack.groups(f"PATCH /groups/{group_id}", {"pause": {}}).status == 200
    at(monkeypatch, "2026-09-10")
    stack.groups(f"PATCH /groups/{group_id}", {"pause": None})
    calendar = stack.group_item(group_id)["config"]["M"]["calendar"]["M"]
    assert [unmarshal(each["M"]) for each in calendar["stood_still"]["L"]] == [
        {"first": "2026-07-01", "last": "2026-09-09"}
    ]
    # The clock is told, and of this change only: an additions-only day keeps nobody longer.
    [note] = [item for item in stack.items() if item["sk"]["S"] == f"RETENTION#{group_id}"]
    assert (note["version"], note["duePeriod"]) == ({"N": "3"}, {"S": "NewRetention"})
    adds = {"additionsOnly": [{"from": "2026-10-01", "to": "2026-10-09"}]}
    stack.groups(f"PATCH /groups/{group_id}", adds)
    [same] = [item for item in stack.items() if item["sk"]["S"] == f"RETENTION#{group_id}"]
    assert same == note


def test_a_webhook_keeps_its_secret_until_it_goes_elsewhere(stack: HttpStack) -> None:
    hook = {"url": "https://platform.example/hook", "secret": "a secret of sixteen"}
    created = stack.create(webhook=hook)
    path = f"/groups/{created['groupId']}"
    assert created["webhook"] == {"url": hook["url"]}
    kept = stack.group_item(created["groupId"])["webhook"]["M"]["secret"]
    assert hook["secret"] not in str(kept)
    changed = stack.groups(f"PATCH {path}", {"description": "new"})
    assert changed.json["webhook"] == {"url": hook["url"]}
    assert stack.group_item(created["groupId"])["webhook"]["M"]["secret"] == kept
    # A new secret would else be sent nowhere, and the old one to a stranger.
    elsewhere = {"webhook": {"url": "https://elsewhere.example/"}}
    refused = stack.groups(f"PATCH {path}", elsewhere)
    assert (refused.status, refused.fields) == (422, ["webhook.secret"])
    moved = stack.groups(f"PATCH {path}", {"webhook": {**elsewhere["webhook"], "secret": "s" * 16}})
    assert moved.json["webhook"] == elsewhere["webhook"]
    assert stack.groups(f"PATCH {path}", {"webhook": None}).json["webhook"] is None
    assert "webhook" not in stack.group_item(created["groupId"])
