"""How long things are kept: the page, the template and the code say the same."""

import re
from typing import Any

import pytest

from shared.adapters import dynamo_batches, dynamo_connection_tests, dynamo_drops, dynamo_run_item
from shared.domain import access, certificate
from shared.domain.group import GroupConfig
from shared.domain.group_request import GroupInput
from shared.domain.retention import ENDED_DAYS
from shared.http import once
from tests.template.processed import ROOT, Template

DAY = 86_400
PAGE = (ROOT / "docs" / "retention.md").read_text()


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """What the page says of each thing: its days."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", PAGE, re.MULTILINE)
    found = {kept: days for kept, days in rows if kept != "Kept"}
    assert len(found) == len(rows) - PAGE.count("| Kept |")
    return found


def _rules() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = Template()["DataBucket"]["LifecycleConfiguration"]["Rules"]
    return rules


def test_each_number_is_what_the_system_does(said: dict[str, str]) -> None:
    template, rules = Template(), _rules()
    by_prefix = {r["Prefix"]: r["ExpirationInDays"] for r in rules if "Prefix" in r}
    by_tag = {
        r["TagFilters"][0]["Value"]: r["ExpirationInDays"] for r in rules if "TagFilters" in r
    }
    [remains] = [rule for rule in rules if "NoncurrentVersionExpiration" in rule]
    broken_off = remains["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    [letters] = {
        queue["MessageRetentionPeriod"] // DAY
        for name, queue in template.of_type("SQS::Queue").items()
        if name.endswith("DeadLetters")
    }
    [logs] = {group["RetentionInDays"] for group in template.of_type("Logs::LogGroup").values()}
    done = {
        "a deleted record, unread, for its return": GroupConfig.model_fields["grace_days"].default,
        "a class that has ended, and who was in it": ENDED_DAYS,
        "a superseded snapshot, change file or hold": by_tag["superseded"],
        "one that a run prepared and did not commit": by_tag["candidate"],
        "staged pages and rows": by_prefix["staged/"],
        "bundles fetched over SFTP": by_prefix["bundles/"],
        "dropped bundles": by_prefix["drops/"],
        "exports of the roster": by_prefix["exports/"],
        "parts of an upload that broke off": broken_off,
        "earlier versions of an object, and objects that were deleted": (
            remains["NoncurrentVersionExpiration"]["NoncurrentDays"]
        ),
        "error reports and lists of changes": by_prefix["reports/"],
        "who has read about people, when, and how many": access.KEPT.days,
        "runs, without personal data of the roster": dynamo_run_item.HISTORY_SECONDS // DAY,
        "what is left of a group that was deleted: its certificate": certificate.KEPT.days,
        "open batches and unapplied changes of a run": dynamo_batches.KEPT.days,
        "by which a drop is known again": dynamo_drops.REMEMBERED.days,
        "connection tests": dynamo_connection_tests.KEPT.days,
        "answers to requests with an Idempotency-Key": once.KEPT_SECONDS // DAY,
        "messages that failed, in dead-letter queues": letters,
        "logs": logs,
    }
    assert {kept: days for kept, days in said.items() if days.isdecimal()} == {
        kept: str(days) for kept, days in done.items()
    }


def test_a_certificate_names_the_window_of_the_tables_recovery() -> None:
    template = Template()
    windows = {
        table["PointInTimeRecoverySpecification"].get("RecoveryPeriodInDays", 35)
        for table in template.of_type("DynamoDB::Table").values()
    }
    told = {
        function["Environment"]["Variables"]["BACKUP_DAYS"]
        for function in template.of_type("Lambda::Function").values()
        if "BACKUP_DAYS" in function.get("Environment", {}).get("Variables", {})
    }
    assert {str(each) for each in told} == {str(each) for each in windows}


def test_what_a_group_may_set_is_said() -> None:
    [ge, le] = [
        next(getattr(each, name) for each in GroupInput.model_fields["grace_days"].metadata
             if hasattr(each, name))
        for name in ("ge", "le")
    ]  # fmt: skip
    assert f"`graceDays` of the group: {ge} to {le}" in PAGE


def test_every_rule_of_the_bucket_is_said() -> None:
    known = {
        "staged",
        "bundles",
        "drops",
        "reports",
        "exports",
        "candidate",
        "superseded",
        "remains",
    }
    assert {rule["Id"] for rule in _rules()} == known
