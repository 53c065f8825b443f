"""The page, the template and the code agree on how long things are kept."""

import re
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from shared.adapters.control_table import batches, connection_tests, drops, run_item
from shared.domain import access_record
from shared.domain.group.group import GroupConfig
from shared.domain.group.request import GroupInput
from shared.domain.group.retention import ENDED_DAYS
from shared.domain.roster import record_exception
from shared.domain.run import deletion_certificate
from shared.http import once
from tests.template.processed import ROOT, Template

DAY = 86_400
PAGE = (ROOT / "docs" / "retention.md").read_text()


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[str, str]]:
    """What the page says of each thing: its days, and after how many it is gone."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", PAGE, re.MULTILINE)
    found = {kept: (days, gone) for kept, days, gone in rows if kept != "Kept"}
    assert len(found) == len(rows) - PAGE.count("| Kept |")
    return found


def _rules() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = Template()["DataBucket"]["LifecycleConfiguration"]["Rules"]
    return rules


def _gone(*days: int) -> int:
    """After how many days nothing is left: each of S3's counts is rounded up to a midnight."""
    return sum(days) + len(days)


def test_each_number_is_what_the_system_does(said: dict[str, tuple[str, str]]) -> None:
    template, rules = Template(), _rules()
    expires = {r["Id"]: r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r}
    version = {
        r["Id"]: r["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for r in rules
        if "NoncurrentVersionExpiration" in r
    }
    [remains] = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
    broken_off = remains["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    queues = template.of_type("SQS::Queue")
    [letters], [messages] = (
        {
            queue["MessageRetentionPeriod"] // DAY
            for name, queue in queues.items()
            if name.endswith("DeadLetters") is dead
        }
        for dead in (True, False)
    )
    [logs] = {group["RetentionInDays"] for group in template.of_type("Logs::LogGroup").values()}
    taken = expires["superseded"]
    assert version["changes"] == version["holds"]
    in_bucket = {
        # What is replaced is used no more, but a snapshot can be gone back to.
        "a snapshot that a later run has replaced, counted from then": (
            version["snapshots"], _gone(taken, version["snapshots"]),
        ),
        "a change file or hold that is no longer needed, counted from then": (
            taken, _gone(taken, version["changes"]),
        ),
        "any of these that a run prepared but did not commit": (
            expires["candidate"], _gone(expires["candidate"], version["candidate"]),
        ),
        "staged pages and rows": (expires["staged"], _gone(expires["staged"], version["staged"])),
        "bundles fetched over SFTP": (
            expires["bundles"], _gone(expires["bundles"], version["bundles"]),
        ),
        "dropped bundles": (expires["drops"], _gone(expires["drops"], version["drops"])),
        "exports of the roster": (
            expires["exports"], _gone(expires["exports"], version["exports"]),
        ),
        "parts of an interrupted upload": (broken_off, _gone(broken_off)),
        "a replaced cover image, counted from then": (
            version["covers"], _gone(version["covers"]),
        ),
        "error reports and lists of changes": (
            expires["reports"], _gone(expires["reports"], version["reports"]),
        ),
    }  # fmt: skip
    elsewhere = {
        "a deleted record, in case it returns": GroupConfig.model_fields["grace_days"].default,
        "a class that has ended, and who was in it": ENDED_DAYS,
        "who read personal data, when, and how many records": access_record.KEPT.days,
        "runs, without personal data of the roster": run_item.HISTORY_SECONDS // DAY,
        "the certificate of a deleted group": deletion_certificate.KEPT.days,
        "an exception for a record, counted from its last day": record_exception.LISTED_AFTER.days,
        "open batches and unapplied changes of a run": batches.KEPT.days,
        "notes by which a drop is recognised again": drops.REMEMBERED.days,
        "connection tests": connection_tests.KEPT.days,
        "answers to requests with an Idempotency-Key": once.KEPT_SECONDS // DAY,
        "messages in queues": messages,
        "failed messages, in dead-letter queues": letters,
        "logs": logs,
    }
    done = in_bucket | {kept: (days, days) for kept, days in elsewhere.items()}
    assert {kept: row for kept, row in said.items() if row[0].isdecimal()} == {
        kept: (str(days), str(gone)) for kept, (days, gone) in done.items()
    }


def test_a_certificate_names_the_window_of_the_tables_recovery() -> None:
    template = Template(RecoveryDays="3")
    windows = {
        table["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"]
        for table in template.of_type("DynamoDB::Table").values()
    }
    told = {
        function["Environment"]["Variables"]["BACKUP_DAYS"]
        for function in template.of_type("Lambda::Function").values()
        if "BACKUP_DAYS" in function.get("Environment", {}).get("Variables", {})
    }
    assert told == windows == {"3"}


def test_how_far_back_the_tables_go_is_said_and_set() -> None:
    template = Template(RecoveryDays="3")
    recovery = [table["PointInTimeRecoverySpecification"] for table in
                template.of_type("DynamoDB::Table").values()]  # fmt: skip
    enabled = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": "3"}
    assert recovery == [enabled, enabled]
    declared = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]["RecoveryDays"]
    default, least, most = (declared[name] for name in ("Default", "MinValue", "MaxValue"))
    assert f"`RecoveryDays` ({default} by default, {least} to {most})" in PAGE
    assert f"from its backup {default} days after that" in PAGE
    assert f"in the backup for {default} days" in PAGE


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
        "covers",
        "changes",
        "holds",
        "snapshots",
        "drops",
        "reports",
        "exports",
        "candidate",
        "superseded",
        "remains",
    }
    assert {rule["Id"] for rule in _rules()} == known
