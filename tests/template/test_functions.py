"""Functions: runtime, limits, schedules and logs.

Read from the processed template with the defaults, which are those for AWS: the emulator ignores
these settings, or does not enforce them.
"""

import pytest

from shared.domain.group.choices import Period
from shared.sync.request.start_auto_syncs import Tick
from tests.template.processed import ROOT, Template, target

FUNCTIONS = {
    "CreateGroupFunction": "create_group",
    "RequestSyncFunction": "request_sync",
    "ReadRosterFunction": "read_roster",
    "AssignContentFunction": "assign_content",
    "SyncApiFunction": "sync_api",
    "SyncSftpFunction": "sync_sftp",
    "IngestZipFunction": "ingest_zip",
    "PlanSyncFunction": "plan_sync",
    "UpsertEntitiesFunction": "upsert_entities",
    "CloseRunsFunction": "close_runs",
    "DeleteGroupFunction": "delete_group",
    "SendNoticesFunction": "send_notices",
    "CallWebhookFunction": "call_webhook",
    "DecideClaimsFunction": "decide_claims",
    "ExportRosterFunction": "export_roster",
    "StartAutoSyncsFunction": "start_auto_syncs",
}


def test_template_and_folders_have_the_same_functions(template: Template) -> None:
    assert set(template.of_type("Lambda::Function")) == set(FUNCTIONS)
    folders = {file.parent.name for file in ROOT.glob("functions/*/handler.py")}
    assert folders == set(FUNCTIONS.values())
    for name, folder in FUNCTIONS.items():
        assert template[name]["Handler"] == f"functions.{folder}.handler.lambda_handler"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_runtime(template: Template, name: str) -> None:
    function = template[name]
    # The emulator runs everything on its own interpreter.
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": "Active"}


def test_aws_does_not_stop_long_work_as_a_loop(template: Template) -> None:
    # AWS stops a function that invokes itself through SQS about 16 times. A long pull does so,
    # and the run limits its own legs.
    for name in (
        "SyncApiFunction",
        "SyncSftpFunction",
        "IngestZipFunction",
        "PlanSyncFunction",
        "CloseRunsFunction",
    ):
        assert template[name]["RecursiveLoop"] == "Allow"
    # No other function may loop.
    for name in (
        "CreateGroupFunction",
        "RequestSyncFunction",
        "ReadRosterFunction",
        "AssignContentFunction",
        "UpsertEntitiesFunction",
    ):
        assert "RecursiveLoop" not in template[name]


def test_legs_end_themselves_in_time(template: Template) -> None:
    for name in ("SyncApiFunction", "SyncSftpFunction", "IngestZipFunction"):
        function = template[name]
        leg = int(function["Environment"]["Variables"]["LEG_SECONDS"])
        # The last page may need its retries, and then the cursor has to be saved.
        assert leg + 60 <= function["Timeout"]


def test_the_planner_has_room(template: Template) -> None:
    function = template["PlanSyncFunction"]
    assert function["Timeout"] == 900
    # Past its memory limit, DuckDB writes to /tmp. The emulator limits neither.
    assert function["EphemeralStorage"] == {"Size": 10240}
    assert function["MemorySize"] >= 3008


def test_http_functions_answer_before_the_gateway_gives_up(template: Template) -> None:
    for name in (
        "CreateGroupFunction",
        "RequestSyncFunction",
        "ReadRosterFunction",
        "AssignContentFunction",
    ):
        assert template[name]["Timeout"] <= 30


def test_silent_runs_are_checked_every_minute(template: Template) -> None:
    rules = template.of_type("Events::Rule").values()
    [rule] = [r for r in rules if r.get("ScheduleExpression") == "rate(1 minute)"]
    [called] = rule["Targets"]
    assert target(called["Arn"]) == "CloseRunsFunction"


@pytest.mark.parametrize("period", Period)
def test_each_period_has_a_rule_that_ticks_hourly(template: Template, period: Period) -> None:
    # With a constant input, a tick that comes twice could not be recognized.
    [rule] = [
        rule for name, rule in template.of_type("Events::Rule").items() if name == f"{period}Rule"
    ]
    assert rule["ScheduleExpression"] == "cron(0 * * * ? *)"
    [called] = rule["Targets"]
    assert target(called["Arn"]) == "StartAutoSyncsFunction"
    given = called["InputTransformer"]
    assert given["InputPathsMap"] == {"time": "$.time"}
    text = given["InputTemplate"].replace("<time>", "2026-09-01T02:00:00Z")
    assert Tick.model_validate_json(text).period is period
    # Only these rules may invoke it.
    allowed = template["RulesStartAutoSyncs"]
    assert target(allowed["FunctionName"]) == "StartAutoSyncsFunction"
    assert allowed["Principal"] == "events.amazonaws.com"
    prefix = allowed["SourceArn"]["Fn::Sub"].rpartition("rule/")[2].removesuffix("*")
    assert rule["Name"]["Fn::Sub"].startswith(prefix)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_logs_where_it_may(template: Template, name: str) -> None:
    function = template[name]
    group = target(function["LoggingConfig"]["LogGroup"])
    assert group.removesuffix("Logs") == name.removesuffix("Function")
    allowed = {
        statement["Action"]
        for role, statement in template.statements()
        if role == target(function["Role"]) and target(statement["Resource"]) == group
    }
    assert allowed == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_logs_expire(template: Template) -> None:
    groups = template.of_type("Logs::LogGroup")
    assert {group["RetentionInDays"] for group in groups.values()} == {30}


def test_insecure_sources_are_refused_by_default(template: Template) -> None:
    for name in ("CreateGroupFunction", "SyncApiFunction", "SyncSftpFunction"):
        told = template[name]["Environment"]["Variables"]
        assert told["ALLOW_INSECURE_SOURCES"] == "false"
        assert "OAUTHLIB_INSECURE_TRANSPORT" not in told
