"""Each field's bad values are refused with 422, naming the field as the API spells it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.http_stack import (
    SECRET,
    HttpStack,
    connection,
    group_body,
    http_stack,
    sftp,
)


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    """One stack for all: nothing that is refused may leave a trace in it."""
    with pytest.MonkeyPatch.context() as monkeypatch, http_stack(monkeypatch) as made:
        yield made


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name"),
    ({"name": ""}, "name"),
    ({"name": "  "}, "name"),
    ({"name": 5}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"description": "x" * 2001}, "description"),
    ({"email": None}, "email"),
    ({"email": "it"}, "email"),
    ({"email": "it@springfield"}, "email"),
    ({"email": "i t@springfield.example"}, "email"),
    ({"clientGroupId": None}, "clientGroupId"),
    ({"clientGroupId": "S P"}, "clientGroupId"),
    ({"clientGroupId": "Ä"}, "clientGroupId"),
    ({"clientGroupId": "a/b"}, "clientGroupId"),
    ({"clientGroupId": "x" * 65}, "clientGroupId"),
    ({"onboardingType": None}, "onboardingType"),
    ({"onboardingType": "OneRoster1.3"}, "onboardingType"),
    ({"syncType": "FTP"}, "syncType"),
    ({"syncType": "ZIP"}, "connection"),
    ({"syncType": "ZIP", "connection": None, "syncFrequency": "Auto"}, "syncFrequency"),
    ({"syncFrequency": "Sometimes"}, "syncFrequency"),
    ({"syncFrequency": "Auto"}, "period"),
    ({"period": "Daily"}, "period"),
    ({"syncFrequency": "Auto", "period": "Hourly"}, "period"),
    ({"autoMode": "restore"}, "autoMode"),
    ({"timeZone": "Mars/Olympus"}, "timeZone"),
    ({"syncHour": -1}, "syncHour"),
    ({"syncHour": 24}, "syncHour"),
    ({"syncHour": "two"}, "syncHour"),
    ({"syncHour": "2"}, "syncHour"),
    ({"syncHour": True}, "syncHour"),
    ({"pause": {"until": "soon"}}, "pause.until"),
    ({"pause": {"since": "2026-07-01"}}, "pause.since"),
    ({"pause": {"until": "2100-01-01"}}, "pause.until"),
    ({"pause": {"until": "9999-12-30"}, "timeZone": "Etc/GMT+12", "syncHour": 23}, "pause.until"),
    ({"blackouts": [{"from": "2026-07-01"}]}, "blackouts.0.to"),
    ({"blackouts": [{"from": "2026-07-02", "to": "2026-07-01"}]}, "blackouts.0.to"),
    ({"blackouts": [{"from": "2026-07-01", "to": "2027-12-01"}]}, "blackouts.0.to"),
    ({"blackouts": [{"from": "2026-07-01", "to": "2026-07-02"}] * 21}, "blackouts"),
    ({"additionsOnly": [{"from": 5, "to": "2026-07-02"}]}, "additionsOnly.0.from"),
    ({"clientPartnerId": None}, "clientPartnerId"),
    ({"clientPartnerId": ""}, "clientPartnerId"),
    ({"clientPartnerId": "x" * 256}, "clientPartnerId"),
    ({"customers": "c1"}, "customers"),
    ({"customers": ["c1", "c1"]}, "customers"),
    ({"customers": [f"c{number}" for number in range(41)]}, "customers"),
    ({"customers": ["nobody"]}, "customers.0"),
    ({"matchWith": "shoe size"}, "matchWith"),
    ({"suffix": "x" * 51}, "suffix"),
    ({"scope": {"schools": []}}, "scope.schools"),
    ({"scope": {"classes": [""]}}, "scope.classes.0"),
    ({"scope": {"roles": ["janitor"]}}, "scope.roles.0"),
    ({"scope": {"roles": []}}, "scope.roles"),
    ({"scope": {"statuses": []}}, "scope.statuses"),
    ({"scope": {"planet": "Mars"}}, "scope.planet"),
    ({"storedFields": ["demographics"]}, "storedFields.0"),
    ({"colour": "red"}, "colour"),
    ({"connection": None}, "connection"),
    ({"connection": "https://sis.example"}, "connection"),
    ({"connection": connection(url=None)}, "connection.url"),
    ({"connection": connection(url="sis.example")}, "connection.url"),
    ({"connection": connection(url="http://sis.example")}, "connection.url"),
    ({"connection": connection(url="https://localhost")}, "connection.url"),
    ({"connection": connection(url="https://127.0.0.1")}, "connection.url"),
    ({"connection": connection(url="https://2130706433")}, "connection.url"),
    ({"connection": connection(url="https://0x7f.0.0.1")}, "connection.url"),
    ({"connection": connection(url="https://10.1.2.3/x")}, "connection.url"),
    ({"connection": connection(url="https://169.254.169.254")}, "connection.url"),
    ({"connection": connection(url="https://[::1]")}, "connection.url"),
    ({"connection": connection(url="https://u:p@sis.example")}, "connection.url"),
    ({"connection": connection(url="https://sis.example?x=1")}, "connection.url"),
    ({"connection": connection(url="https://sis example")}, "connection.url"),
    ({"connection": connection(url="https://sis.example:99999")}, "connection.url"),
    ({"connection": connection(path="/x?y=1")}, "connection.path"),
    ({"connection": connection(path="x" * 501)}, "connection.path"),
    ({"connection": connection(authorization=None)}, "connection.authorization"),
    ({"connection": connection(authorization="Basic")}, "connection.authorization"),
    ({"connection": connection(authorization="")}, "connection.authorization"),
    ({"onboardingType": "OneRoster1.2"}, "connection.authorization"),
    ({"connection": connection(consumerKey=None)}, "connection.consumerKey"),
    ({"connection": connection(consumerKey="")}, "connection.consumerKey"),
    ({"connection": connection(secretKey=None)}, "connection.secretKey"),
    ({"connection": connection(secretKey="  ")}, "connection.secretKey"),
    ({"connection": connection(secretKey=7)}, "connection.secretKey"),
    ({"connection": connection(secretKey="x" * 4097)}, "connection.secretKey"),
    ({"connection": connection(secretKey="é" * 2049)}, "connection.secretKey"),
    ({"connection": connection(tokenUrl="http://sis.example/token")}, "connection.tokenUrl"),
    ({"connection": connection(scope="x" * 2001)}, "connection.scope"),
    ({"connection": connection(pageSize=0)}, "connection.pageSize"),
    ({"connection": connection(pageSize=10_001)}, "connection.pageSize"),
    ({"connection": connection(pageSize="100")}, "connection.pageSize"),
    ({"connection": connection(password="x")}, "connection.password"),
    ({"connection": connection(kind="API")}, "connection.kind"),
    ({"syncType": "SFTP"}, "connection.url"),
    ({"syncType": "SFTP", "connection": sftp(host=None)}, "connection.host"),
    ({"syncType": "SFTP", "connection": sftp(host="127.0.0.1")}, "connection.host"),
    ({"syncType": "SFTP", "connection": sftp(host="files.example/x")}, "connection.host"),
    ({"syncType": "SFTP", "connection": sftp(port=0)}, "connection.port"),
    ({"syncType": "SFTP", "connection": sftp(port=65_536)}, "connection.port"),
    ({"syncType": "SFTP", "connection": sftp(path=None)}, "connection.path"),
    ({"syncType": "SFTP", "connection": sftp(username=None)}, "connection.username"),
    ({"syncType": "SFTP", "connection": sftp(password=None)}, "connection.password"),
    ({"syncType": "SFTP", "connection": sftp(privateKey="k")}, "connection.password"),
    ({"syncType": "SFTP", "connection": sftp(passphrase="p")}, "connection.passphrase"),
    (
        {"syncType": "SFTP", "connection": sftp(hostKeyFingerprint="ab:cd")},
        "connection.hostKeyFingerprint",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field"), BAD, ids=lambda value: str(value)[:60])
def test_a_bad_value_names_its_field(stack: HttpStack, change: dict[str, Any], field: str) -> None:
    before = stack.items()
    answer = stack.groups("POST /groups", group_body(**change))
    assert answer.status == 422, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "invalid_fields"
    assert field in answer.fields
    assert SECRET not in answer.text
    assert stack.items() == before


def test_every_wrong_field_is_named_at_once(stack: HttpStack) -> None:
    answer = stack.groups(
        "POST /groups", group_body(name="", email="x", syncHour=99, colour="red", clientGroupId="ä")
    )
    assert set(answer.fields) == {"name", "email", "syncHour", "colour", "clientGroupId"}


@pytest.mark.parametrize(
    ("request_line", "body", "field"),
    [
        ("POST /customers", {}, "name"),
        ("POST /customers", {"name": "A", "colour": 1}, "colour"),
        ("POST /customers", {"name": "A", "orgSourcedId": ""}, "orgSourcedId"),
        ("GET /groups?limit=0", None, "limit"),
        ("GET /groups?limit=many", None, "limit"),
        ("GET /groups?cursor=%C3%A4", None, "cursor"),
        ("GET /customers?limit=1000", None, "limit"),
    ],
)
def test_other_requests_name_their_fields(
    stack: HttpStack, request_line: str, body: Any, field: str
) -> None:
    answer = stack.groups(request_line, body)
    assert (answer.status, answer.fields) == (422, [field])


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "NaN", "[" * 100_000, '{"name": NaN}'])
def test_a_body_that_is_no_json_object_is_a_400(stack: HttpStack, body: str) -> None:
    answer = stack.groups("POST /groups", body)
    assert (answer.status, answer.json["code"]) == (400, "bad_json")
