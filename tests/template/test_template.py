"""What the emulator cannot prove: it drops these settings, or does not enforce them.

Read from the processed template, at the defaults, which are AWS's. Each test says why it matters.
"""

import json
import re
from typing import Any

import pytest

from shared.adapters.roster_table.keys import stamp_key
from shared.domain import timers
from shared.domain.events import RUN_FINISHED, SOURCE
from shared.domain.group.choices import Period, SyncType
from shared.domain.group.retention import UNDO_DAYS
from shared.domain.group.secrets import SecretName
from shared.domain.ids import GroupId
from shared.domain.object_keys import Folder
from shared.messages import EXTRACT_ZIP_QUEUE, BeginWaitingRun
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
DEAD_LETTERS = {
    "ExtractApiQueue": "ExtractApiDeadLetters",
    "ExtractSftpQueue": "ExtractSftpDeadLetters",
    "ExtractZipQueue": "ExtractZipDeadLetters",
    "DropQueue": "DropDeadLetters",
    "DeleteQueue": "DeleteDeadLetters",
    "NoticeQueue": "NoticeDeadLetters",
    "WebhookQueue": "WebhookDeadLetters",
    "ExportQueue": "ExportDeadLetters",
    "PlanQueue": "PlanDeadLetters",
    "UpsertQueue": "UpsertDeadLetters",
}
STATEFUL = ["ControlTable", "RosterTable", "SecretsKey", "DataBucket", "UserPool"]
DAY = 86400
DENIED_WITHOUT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


class TestWhatIsKept:
    @pytest.mark.parametrize("name", ["ControlTable", "RosterTable"])
    def test_tables_can_be_brought_back_and_forget_what_has_an_end(
        self, template: Template, name: str
    ) -> None:
        table = template[name]
        # A bad deployment or a wrong hand costs seconds, not the roster.
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["DeletionProtectionEnabled"] == "true"
        # Runs go after 400 days, deleted records after 120: nothing else removes them.
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
        # A first load writes for minutes and then there is quiet until the night.
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        # A key that shows its uses in the audit trail, unlike the one that AWS owns.
        assert table["SSESpecification"] == {"SSEEnabled": True}

    @pytest.mark.parametrize("name", STATEFUL)
    def test_deleting_the_stack_deletes_no_data(self, template: Template, name: str) -> None:
        resource = template.resources[name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"

    def test_the_current_snapshot_never_expires(self, template: Template) -> None:
        # An age rule over snapshots/ would delete the base of a quiet group, and its next run
        # would take everything for new. Only what is tagged as past has an end.
        rules = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
        expiring = [rule for rule in rules if "ExpirationInDays" in rule]
        assert all("Prefix" in rule or "TagFilters" in rule for rule in expiring)
        by_tag = {
            rule["TagFilters"][0]["Value"]: rule["ExpirationInDays"]
            for rule in expiring
            if "TagFilters" in rule
        }
        # What is superseded goes at the next midnight, and its version counts from then on: days
        # would count from the creation, so that of an old roster nothing could be undone.
        assert by_tag == {"candidate": 7, "superseded": 1}
        [kept] = [rule for rule in rules if rule.get("Prefix") == Folder.SNAPSHOTS.prefix]
        assert kept["NoncurrentVersionExpiration"] == {"NoncurrentDays": UNDO_DAYS}

    def test_raw_data_and_reports_have_an_end(self, template: Template) -> None:
        rules = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
        by_prefix = {
            r["Prefix"]: r["ExpirationInDays"]
            for r in rules
            if "Prefix" in r and "ExpirationInDays" in r
        }
        assert by_prefix == {
            "staged/": 7,
            "bundles/": 7,
            "drops/": 7,
            "reports/": 90,
            "exports/": 1,
        }

    def test_every_folder_has_an_end_for_what_was_deleted_in_it(self, template: Template) -> None:
        # In a versioned bucket an expired object lives on as a version, unless that ends, too.
        rules = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
        noncurrent = {
            rule["Prefix"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
            for rule in rules
            if "NoncurrentVersionExpiration" in rule and "Prefix" in rule
        }
        assert noncurrent.keys() == {folder.prefix for folder in Folder}
        # As short as S3 has it, but for what somebody still reads when it is a version only.
        assert {prefix for prefix, days in noncurrent.items() if days > 1} == {
            "snapshots/",
            "drops/",
        }
        assert noncurrent["drops/"] >= timers.RUN_DEADLINE.days
        # The shortest of the rules for an object counts: one for all would end undo.
        for rule in rules:
            if "NoncurrentVersionExpiration" in rule and "Prefix" not in rule:
                assert rule["TagFilters"] == [{"Key": "lifecycle", "Value": "candidate"}]

    def test_remains_of_objects_go(self, template: Template) -> None:
        rules = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
        [remains] = [rule for rule in rules if "ExpiredObjectDeleteMarker" in rule]
        assert remains["ExpiredObjectDeleteMarker"] is True
        # Parts of an upload that broke off are stored, and paid for, unseen.
        assert remains["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
        assert not {"Prefix", "TagFilters"} & remains.keys()
        assert {rule["Status"] for rule in rules} == {"Enabled"}

    def test_bucket_is_private_encrypted_and_versioned(self, template: Template) -> None:
        bucket = template["DataBucket"]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        # No access list of a single object can open it to others.
        [ownership] = bucket["OwnershipControls"]["Rules"]
        assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
        [encryption] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms"}
        # Without it each object costs a call of KMS.
        assert encryption["BucketKeyEnabled"] is True
        # A plan names the version it has read.
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}

    def test_bucket_and_queues_refuse_plain_http(self, template: Template) -> None:
        bucket = template["DataBucketPolicy"]
        assert target(bucket["Bucket"]) == "DataBucket"
        policies = template.of_type("SQS::QueuePolicy").values()
        # A second policy for a queue would replace the first.
        held = [target(queue) for policy in policies for queue in policy["Queues"]]
        assert sorted(held) == sorted(template.of_type("SQS::Queue"))
        for policy in (bucket, *policies):
            statement = policy["PolicyDocument"]["Statement"][-1]
            assert statement["Effect"] == "Deny"
            assert statement["Principal"] == "*"
            assert statement["Condition"] == DENIED_WITHOUT_TLS
        [over_bucket] = bucket["PolicyDocument"]["Statement"]
        # The bucket itself, and what is in it, are two resources.
        assert over_bucket["Resource"] == [
            {"Fn::GetAtt": ["DataBucket", "Arn"]},
            {"Fn::Sub": "${DataBucket.Arn}/*"},
        ]

    def test_a_drop_is_told_to_its_queue_by_s3_alone(self, template: Template) -> None:
        # The emulator checks no queue policies.
        [told] = template["DataBucket"]["NotificationConfiguration"]["QueueConfigurations"]
        assert told["Event"] == "s3:ObjectCreated:*"
        assert target(told["Queue"]) == "DropQueue"
        allowed = template["DropQueuePolicy"]["PolicyDocument"]["Statement"][0]
        assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
        assert allowed["Action"] == "sqs:SendMessage"
        assert allowed["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }

    def test_a_free_zip_group_is_told_by_its_rule_alone(self, template: Template) -> None:
        rule = template["ZipGroupFree"]
        assert rule["EventPattern"] == {
            "source": [SOURCE],
            "detail-type": [RUN_FINISHED],
            "detail": {"syncType": [SyncType.ZIP.value]},
        }
        [sent] = rule["Targets"]
        assert target(sent["Arn"]) == "ExtractZipQueue"
        text = sent["InputTransformer"]["InputTemplate"]
        text = text.replace("<enterprise>", "acme").replace("<groupId>", "group-1")
        message = EXTRACT_ZIP_QUEUE.validate_json(text)
        assert message == BeginWaitingRun(enterprise="acme", group_id="group-1")
        allowed = template["ExtractZipQueuePolicy"]["PolicyDocument"]["Statement"][0]
        assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
        assert target(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == "ZipGroupFree"

    def test_secrets_key_turns_and_belongs_to_the_account_alone(self, template: Template) -> None:
        key = template["SecretsKey"]
        assert key["EnableKeyRotation"] is True
        [statement] = key["KeyPolicy"]["Statement"]
        assert statement["Principal"] == {
            "AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
        }

    def test_logs_have_an_end(self, template: Template) -> None:
        groups = template.of_type("Logs::LogGroup")
        assert {group["RetentionInDays"] for group in groups.values()} == {30}


class TestQueues:
    def test_every_work_queue_parks_what_fails_for_two_weeks(self, template: Template) -> None:
        assert set(template.of_type("SQS::Queue")) == {*DEAD_LETTERS, *DEAD_LETTERS.values()}
        for queue, parking in DEAD_LETTERS.items():
            redrive = template[queue]["RedrivePolicy"]
            assert target(redrive["deadLetterTargetArn"]) == parking
            assert int(redrive["maxReceiveCount"]) == 5
            # Kept longer than in its queue, for the age goes on counting.
            assert template[parking]["MessageRetentionPeriod"] == 14 * DAY
            assert template[queue]["MessageRetentionPeriod"] < 14 * DAY

    def test_dead_letters_have_no_consumer(self, template: Template) -> None:
        # A consumer would empty what an alarm is to ring for.
        sources = template.of_type("Lambda::EventSourceMapping").values()
        assert {target(source["EventSourceArn"]) for source in sources} == set(DEAD_LETTERS)
        for role, statement in template.statements():
            if target(statement["Resource"]) in DEAD_LETTERS.values():
                pytest.fail(f"{role} may touch {statement['Resource']}")

    def test_queues_are_encrypted(self, template: Template) -> None:
        assert all(q["SqsManagedSseEnabled"] for q in template.of_type("SQS::Queue").values())

    def test_a_message_is_hidden_for_longer_than_its_function_works(
        self, template: Template
    ) -> None:
        # AWS refuses the mapping otherwise; the emulator does not.
        for source in template.of_type("Lambda::EventSourceMapping").values():
            visibility = template[target(source["EventSourceArn"])]["VisibilityTimeout"]
            assert int(visibility) > template[target(source["FunctionName"])]["Timeout"]

    def test_one_failed_message_does_not_bring_its_batch_again(self, template: Template) -> None:
        for source in template.of_type("Lambda::EventSourceMapping").values():
            assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]

    def test_long_work_comes_one_at_a_time_and_upserts_are_bounded(
        self, template: Template
    ) -> None:
        sources = {
            target(source["FunctionName"]): source
            for source in template.of_type("Lambda::EventSourceMapping").values()
        }
        # Two runs in one invocation would share its time limit.
        assert sources["SyncApiFunction"]["BatchSize"] == 1
        assert sources["PlanSyncFunction"]["BatchSize"] == 1
        assert sources["UpsertEntitiesFunction"]["BatchSize"] <= 5
        # A new on-demand table takes 4,000 writes a second.
        assert sources["UpsertEntitiesFunction"]["ScalingConfig"] == {"MaximumConcurrency": 10}


class TestFunctions:
    def test_they_are_those_that_there_are(self, template: Template) -> None:
        assert set(template.of_type("Lambda::Function")) == set(FUNCTIONS)
        folders = {file.parent.name for file in ROOT.glob("functions/*/handler.py")}
        assert folders == set(FUNCTIONS.values())
        for name, folder in FUNCTIONS.items():
            assert template[name]["Handler"] == f"functions.{folder}.handler.lambda_handler"

    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_runtime(self, template: Template, name: str) -> None:
        function = template[name]
        # The emulator runs everything on its own interpreter, whatever is declared.
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert function["TracingConfig"] == {"Mode": "Active"}

    def test_work_longer_than_16_hops_is_not_stopped(self, template: Template) -> None:
        # AWS ends a function that reaches itself through SQS about 16 times; a long pull does, and
        # a run bounds its own legs.
        for name in (
            "SyncApiFunction",
            "SyncSftpFunction",
            "IngestZipFunction",
            "PlanSyncFunction",
            "CloseRunsFunction",
        ):
            assert template[name]["RecursiveLoop"] == "Allow"
        # Nobody else may loop.
        for name in (
            "CreateGroupFunction",
            "RequestSyncFunction",
            "ReadRosterFunction",
            "AssignContentFunction",
            "UpsertEntitiesFunction",
        ):
            assert "RecursiveLoop" not in template[name]

    def test_legs_end_themselves_in_time(self, template: Template) -> None:
        for name in ("SyncApiFunction", "SyncSftpFunction", "IngestZipFunction"):
            function = template[name]
            leg = int(function["Environment"]["Variables"]["LEG_SECONDS"])
            # The last page may take its retries, and the cursor must still be saved.
            assert leg + 60 <= function["Timeout"]

    def test_the_planner_has_room(self, template: Template) -> None:
        function = template["PlanSyncFunction"]
        assert function["Timeout"] == 900
        # DuckDB spills to /tmp past its memory limit; the emulator bounds neither.
        assert function["EphemeralStorage"] == {"Size": 10240}
        assert function["MemorySize"] >= 3008

    def test_http_functions_answer_before_the_gateway_gives_up(self, template: Template) -> None:
        for name in (
            "CreateGroupFunction",
            "RequestSyncFunction",
            "ReadRosterFunction",
            "AssignContentFunction",
        ):
            assert template[name]["Timeout"] <= 30

    def test_silent_runs_are_looked_after_every_minute(self, template: Template) -> None:
        rules = template.of_type("Events::Rule").values()
        [rule] = [r for r in rules if r.get("ScheduleExpression") == "rate(1 minute)"]
        [called] = rule["Targets"]
        assert target(called["Arn"]) == "CloseRunsFunction"

    @pytest.mark.parametrize("period", Period)
    def test_each_period_has_a_rule_that_ticks_hourly(
        self, template: Template, period: Period
    ) -> None:
        # With a constant input the tick would be lost, and with it that twice is once.
        [rule] = [
            rule
            for name, rule in template.of_type("Events::Rule").items()
            if name == f"{period}Rule"
        ]
        assert rule["ScheduleExpression"] == "cron(0 * * * ? *)"
        [called] = rule["Targets"]
        assert target(called["Arn"]) == "StartAutoSyncsFunction"
        given = called["InputTransformer"]
        assert given["InputPathsMap"] == {"time": "$.time"}
        text = given["InputTemplate"].replace("<time>", "2026-09-01T02:00:00Z")
        assert Tick.model_validate_json(text).period is period
        # Only these rules may call it.
        allowed = template["RulesStartAutoSyncs"]
        assert target(allowed["FunctionName"]) == "StartAutoSyncsFunction"
        assert allowed["Principal"] == "events.amazonaws.com"
        prefix = allowed["SourceArn"]["Fn::Sub"].rpartition("rule/")[2].removesuffix("*")
        assert rule["Name"]["Fn::Sub"].startswith(prefix)

    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_each_logs_where_it_may(self, template: Template, name: str) -> None:
        function = template[name]
        group = target(function["LoggingConfig"]["LogGroup"])
        assert group.removesuffix("Logs") == name.removesuffix("Function")
        allowed = {
            statement["Action"]
            for role, statement in template.statements()
            if role == target(function["Role"]) and target(statement["Resource"]) == group
        }
        assert allowed == {"logs:CreateLogStream", "logs:PutLogEvents"}


class TestPermissions:
    def test_each_function_has_a_role_of_its_own(self, template: Template) -> None:
        roles = [target(template[name]["Role"]) for name in FUNCTIONS]
        assert sorted([*roles, "ApiGatewayRole"]) == sorted(template.of_type("IAM::Role"))
        for role in roles:
            # AWS's managed policies say `*`: all queues, all log groups.
            assert "ManagedPolicyArns" not in template[role]
            [trust] = template[role]["AssumeRolePolicyDocument"]["Statement"]
            assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}

    def test_nothing_is_wider_than_it_must_be(self, template: Template) -> None:
        for role, statement in template.statements():
            assert "*" not in statement["Action"], role
            if statement["Resource"] == "*":
                # X-Ray knows no resource for these two.
                assert statement["Action"] in ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
            # The only open ends are those after a prefix in the bucket, and groups' own topics.
            elif "*" in json.dumps(statement["Resource"]):
                place = statement["Resource"]["Fn::Sub"]
                topics = place.endswith(":${AWS::StackName}-group-*") and ":sns:" in place
                assert topics or re.fullmatch(r"\$\{DataBucket\.Arn\}/[a-z]+/\*", place), role

    def test_the_emulator_s_own_actions_stay_there(self, template: Template) -> None:
        # AWS knows neither, and authorizes both calls by the actions that they are made of.
        own = ("sqs:SendMessageBatch", "dynamodb:BatchExecuteStatement")
        assert who(template, *own) == set()
        assert who(Template(Platform="emulator"), *own) != set()

    def test_who_may_do_what(self, template: Template) -> None:
        # Secrets: written by one, read by one; the rest of them by nobody.
        assert who(template, "kms:Encrypt") == {"CreateGroupRole"}
        assert who(template, "kms:Decrypt") == {"SyncApiRole", "SyncSftpRole", "CallWebhookRole"}
        # Records are written by one alone; two more read them over HTTP, and one of these writes
        # content beside them; one sweeps all that a group has. Whoever plans looks at what is
        # there, and writes stamps: the partition's key says so.
        of_roster = [
            (role, statement["Action"])
            for role, statement in template.statements()
            if target(statement["Resource"]) == "RosterTable"
        ]
        reads = {"dynamodb:BatchGetItem", "dynamodb:Query"}
        writes = {"dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:DeleteItem"}
        roles = ("UpsertEntitiesRole", "ReadRosterRole", "AssignContentRole", "DeleteGroupRole",
                 "PlanSyncRole")  # fmt: skip
        assert {role for role, _ in of_roster} == set(roles)
        by_role = {role: {action for of, action in of_roster if of == role} for role in roles}
        assert by_role["ReadRosterRole"] == reads
        assert by_role["AssignContentRole"] == reads | writes
        of_stamps = {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"}
        assert by_role["PlanSyncRole"] == of_stamps
        bound = [
            (statement["Action"], statement["Condition"])
            for role, statement in template.statements()
            if role == "PlanSyncRole" and "Condition" in statement
        ]
        key = stamp_key(GroupId(""))["pk"] + "*"
        within = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": key}}
        assert bound == [("dynamodb:UpdateItem", within)]
        # The bucket's rules delete objects, and whoever deletes a whole group; cover images can be
        # taken away besides.
        assert who(template, "s3:DeleteObjectVersion") == {"DeleteGroupRole"}
        assert who(template, "s3:DeleteObject") == {"DeleteGroupRole", "CreateGroupRole"}
        covers = {
            resource["Fn::Sub"]
            for role, statement in template.statements()
            for resource in [statement["Resource"]]
            if role == "CreateGroupRole" and "s3:DeleteObject" in statement["Action"]
        }
        assert covers == {"${DataBucket.Arn}/covers/*"}
        # Nobody reads whole tables.
        assert who(template, "dynamodb:Scan") == set()

    def test_who_reads_objects_is_told_when_one_is_gone(self, template: Template) -> None:
        # Without s3:ListBucket AWS says 403 of a missing object, and no run would end with
        # "snapshot gone"; the emulator says 404 in any case.
        readers = who(template, "s3:GetObject")
        assert readers <= who(template, "s3:ListBucket")

    def test_the_key_works_only_with_the_group_in_the_context(self, template: Template) -> None:
        # The emulator denies whatever has this condition, so the local stack leaves it out.
        of_key = [s for _, s in template.statements() if s["Action"].startswith("kms:")]
        bound = {"Null": {"kms:EncryptionContext:groupId": "false"}}
        # Whoever calls webhooks can decrypt their secrets and no others.
        webhooks = {"StringEquals": {"kms:EncryptionContext:secret": SecretName.WEBHOOK.value}}
        assert [s["Condition"] for s in of_key] == [bound, bound, bound, webhooks]
        assert {target(statement["Resource"]) for statement in of_key} == {"SecretsKey"}
        local = [s for _, s in Template(Platform="emulator").statements()]
        assert not any("Condition" in s for s in local if s["Action"].startswith("kms:"))

    def test_each_consumer_may_receive_from_its_own_queue(self, template: Template) -> None:
        # The emulator does not check the role of an event source.
        sources: dict[str, set[str]] = {}
        for source in template.of_type("Lambda::EventSourceMapping").values():
            role = target(template[target(source["FunctionName"])]["Role"])
            sources.setdefault(role, set()).add(target(source["EventSourceArn"]))
        for role, own in sources.items():
            received = {
                target(statement["Resource"])
                for holder, statement in template.statements()
                if holder == role and statement["Action"] == "sqs:ReceiveMessage"
            }
            assert received == own
            for action in ("sqs:DeleteMessage", "sqs:GetQueueAttributes"):
                assert role in who(template, action)


class TestSignIn:
    def test_people_are_added_by_an_administrator(self, template: Template) -> None:
        pool = template["UserPool"]
        assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
        assert pool["DeletionProtection"] == "ACTIVE"
        policy = pool["Policies"]["PasswordPolicy"]
        assert policy["MinimumLength"] >= 12
        assert policy["RequireLowercase"] is policy["RequireUppercase"] is True
        [group] = template.of_type("Cognito::UserPoolGroup").values()
        assert group["GroupName"] == "enterprise-admin"

    def test_the_client_tells_nobody_which_accounts_exist(self, template: Template) -> None:
        client = template["UserPoolClient"]
        assert client["PreventUserExistenceErrors"] == "ENABLED"
        assert client["GenerateSecret"] is False
        assert set(client["ExplicitAuthFlows"]) == {
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        }


class TestApi:
    def test_every_route_demands_a_token(self, template: Template) -> None:
        demands = {
            route: operation["security"][0].popitem()[0]
            for route, operation in routes_of(template).items()
        }
        # The document says what there is to ask for, and nothing of anybody.
        assert demands.pop("GET /openapi.json") == "NONE"
        assert set(demands.values()) == {"Cognito"}
        [scheme] = template["Api"]["Body"]["securityDefinitions"].values()
        [pool] = scheme["x-amazon-apigateway-authorizer"]["providerARNs"]
        assert target(pool) == "UserPool"

    def test_routes(self, template: Template) -> None:
        # By method, for `ANY` silently makes no route on the emulator.
        assert set(routes_of(template)) == {
            "POST /groups",
            "GET /groups",
            "GET /groups/{groupId}",
            "PATCH /groups/{groupId}",
            "DELETE /groups/{groupId}",
            "GET /groups/{groupId}/certificate",
            "GET /certificates",
            "POST /groups/{groupId}/cover-image",
            "DELETE /groups/{groupId}/cover-image",
            "GET /openapi.json",
            "POST /customers",
            "GET /customers",
            "GET /customers/{customerId}",
            "PATCH /customers/{customerId}",
            "DELETE /customers/{customerId}",
            "POST /groups/{groupId}/syncs",
            "GET /groups/{groupId}/syncs",
            "GET /groups/{groupId}/syncs/{runId}",
            "GET /groups/{groupId}/syncs/{runId}/errors",
            "GET /groups/{groupId}/syncs/{runId}/errors/summary",
            "GET /groups/{groupId}/syncs/{runId}/changes",
            "DELETE /groups/{groupId}/roster",
            "DELETE /groups/{groupId}/roster/mark",
            "GET /groups/{groupId}/export",
            "GET /groups/{groupId}/hold",
            "GET /groups/{groupId}/hold/records",
            "POST /groups/{groupId}/hold/decisions",
            "POST /groups/{groupId}/uploads",
            "POST /groups/{groupId}/connection-tests",
            "GET /groups/{groupId}/connection-tests/{testId}",
            "GET /groups/{groupId}/partners",
            "GET /groups/{groupId}/partners/{id}",
            "GET /groups/{groupId}/classes",
            "GET /groups/{groupId}/classes/{id}",
            "GET /groups/{groupId}/classes/{id}/users",
            "GET /groups/{groupId}/users",
            "GET /groups/{groupId}/users/{id}",
            "GET /groups/{groupId}/users/{id}/classes",
            "GET /groups/{groupId}/enrollments",
            "GET /groups/{groupId}/accesses",
            "GET /groups/{groupId}/classes/{id}/contents",
            "PUT /groups/{groupId}/classes/{id}/contents/{contentId}",
            "DELETE /groups/{groupId}/classes/{id}/contents/{contentId}",
            "GET /groups/{groupId}/users/{id}/contents",
            "PUT /groups/{groupId}/users/{id}/contents/{contentId}",
            "DELETE /groups/{groupId}/users/{id}/contents/{contentId}",
        }

    def test_the_gateway_answers_in_problem_json_too(self, template: Template) -> None:
        # The emulator drops these and answers {"message": …}.
        answers = template["Api"]["Body"]["x-amazon-apigateway-gateway-responses"]
        statuses = {name: answer.get("statusCode") for name, answer in answers.items()}
        assert statuses == {
            "UNAUTHORIZED": "401",
            "ACCESS_DENIED": "403",
            # API Gateway's own answer to an unknown path would be 403.
            "MISSING_AUTHENTICATION_TOKEN": "404",
            "DEFAULT_4XX": None,
            "DEFAULT_5XX": None,
        }
        for answer in answers.values():
            header = answer["responseParameters"]["gatewayresponse.header.Content-Type"]
            assert header == "'application/problem+json'"
            # Its one variable is JSON, quotes included.
            body = answer["responseTemplates"]["application/json"]
            problem = json.loads(body.replace("$context.error.messageString", '"message"'))
            assert {"type", "title", "code", "detail"} <= problem.keys()

    def test_a_new_account_lets_the_gateway_log(self, template: Template) -> None:
        # Without the account's role the stage is refused, and with it the whole deployment.
        account = template["ApiGatewayAccount"]
        assert target(account["CloudWatchRoleArn"]) == "ApiGatewayRole"
        [trust] = template["ApiGatewayRole"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "apigateway.amazonaws.com"}
        # The role is everybody's in the account, so it outlives this stack, or is left alone.
        assert template.resources["ApiGatewayAccount"]["DeletionPolicy"] == "Retain"
        assert "ApiGatewayAccount" not in Template(ApiLogRole="existing").resources

    def test_there_is_one_stage(self, template: Template) -> None:
        # SAM deploys another one, named Stage, that no setting of ours reaches: not throttled, not
        # logged, not traced. A deployment that names a stage makes it.
        [stage] = template.of_type("ApiGateway::Stage").values()
        assert stage["StageName"] == "v1"
        [deployment] = template.of_type("ApiGateway::Deployment").values()
        assert "StageName" not in deployment
        assert target(stage["DeploymentId"]) in template.resources

    def test_the_stage_comes_after_the_role_that_lets_it_log(self, template: Template) -> None:
        [stage] = template.of_type("ApiGateway::Stage").values()
        assert target(stage["Variables"]["logRole"]) == "ApiGatewayAccount"
        [stage] = Template(ApiLogRole="existing").of_type("ApiGateway::Stage").values()
        assert stage["Variables"] == {"logRole": "existing"}

    def test_metrics_of_each_method_are_for_who_asks(self, template: Template) -> None:
        # Each method would have five metrics, each paid for like one's own (docs/costs.md).
        [stage] = template.of_type("ApiGateway::Stage").values()
        assert stage["MethodSettings"][0]["MetricsEnabled"] is False
        [stage] = Template(DetailedApiMetrics="true").of_type("ApiGateway::Stage").values()
        assert stage["MethodSettings"][0]["MetricsEnabled"] is True

    def test_callers_are_bounded_and_seen(self, template: Template) -> None:
        [stage] = template.of_type("ApiGateway::Stage").values()
        [settings] = stage["MethodSettings"]
        assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
        assert settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"] <= 100
        assert target(stage["AccessLogSetting"]["DestinationArn"]) == "ApiLogs"
        assert stage["TracingEnabled"] is True
        # One line of JSON that holds no token, body or query.
        logged = json.loads(stage["AccessLogSetting"]["Format"])
        assert set(logged) == {"requestId", "method", "route", "status", "latency"}


def test_insecure_sources_are_refused_unless_told_otherwise(template: Template) -> None:
    for name in ("CreateGroupFunction", "SyncApiFunction", "SyncSftpFunction"):
        told = template[name]["Environment"]["Variables"]
        assert told["ALLOW_INSECURE_SOURCES"] == "false"
        assert "OAUTHLIB_INSECURE_TRANSPORT" not in told


def who(template: Template, *actions: str) -> set[str]:
    """Name the roles that allow one of the actions."""
    return {role for role, statement in template.statements() if statement["Action"] in actions}


def routes_of(template: Template) -> dict[str, Any]:
    """Pick the operations of the API, by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in template["Api"]["Body"]["paths"].items()
        for method, operation in methods.items()
    }
