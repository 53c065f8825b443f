"""What each function's role allows, and no more.

Read from the processed template with the defaults, which are those for AWS: the emulator ignores
these settings, or does not enforce them.
"""

import json
import re

from shared.adapters.roster_table.keys import PK, stamp_key
from shared.domain.group.secrets import SecretName
from shared.domain.ids import GroupId
from tests.template.processed import Template, target
from tests.template.test_functions import FUNCTIONS


def test_each_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [target(template[name]["Role"]) for name in FUNCTIONS]
    assert sorted([*roles, "ApiGatewayRole"]) == sorted(template.of_type("IAM::Role"))
    for role in roles:
        # AWS's managed policies allow all queues and all log groups.
        assert "ManagedPolicyArns" not in template[role]
        [trust] = template[role]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_no_permission_is_wider_than_necessary(template: Template) -> None:
    for role, statement in template.statements():
        assert "*" not in statement["Action"], role
        if statement["Resource"] == "*":
            # X-Ray has no resource for these two.
            assert statement["Action"] in ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
        # The only wildcards are keys under a prefix of the bucket, and groups' own topics.
        elif "*" in json.dumps(statement["Resource"]):
            place = statement["Resource"]["Fn::Sub"]
            topics = place.endswith(":${AWS::StackName}-group-*") and ":sns:" in place
            assert topics or re.fullmatch(r"\$\{DataBucket\.Arn\}/[a-z]+/\*", place), role


def test_actions_that_only_the_emulator_has_stay_there(template: Template) -> None:
    # AWS has neither action; it checks both calls by the actions they are made of.
    own = ("sqs:SendMessageBatch", "dynamodb:BatchExecuteStatement")
    assert who(template, *own) == set()
    assert who(Template(Platform="emulator"), *own) != set()


def test_who_may_do_what(template: Template) -> None:
    # Who writes secrets does not read them, and who reads them does not write them.
    assert who(template, "kms:Encrypt") == {"CreateGroupRole"}
    assert who(template, "kms:Decrypt") == {"SyncApiRole", "SyncSftpRole", "CallWebhookRole"}
    # One function writes records. Two others read them over HTTP, and one of those writes
    # content. One deletes all that a group has. The planner reads records and writes stamps,
    # limited by the partition key.
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
    of_stamps = {"dynamodb:GetItem", "dynamodb:UpdateItem"}
    assert by_role["PlanSyncRole"] == of_stamps | reads
    bound = [
        (statement["Action"], statement["Condition"])
        for role, statement in template.statements()
        if role == "PlanSyncRole" and "Condition" in statement
    ]
    key = stamp_key(GroupId("*"))[PK]
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
    # No function reads whole tables.
    assert who(template, "dynamodb:Scan") == set()


def test_readers_of_objects_see_which_are_missing(template: Template) -> None:
    # Without s3:ListBucket, AWS answers 403 for a missing object, and no run would end with
    # "snapshot gone". The emulator always answers 404.
    readers = who(template, "s3:GetObject")
    assert readers <= who(template, "s3:ListBucket")


def test_the_key_works_only_with_the_group_in_the_context(template: Template) -> None:
    # The emulator denies every call under this condition, so the local stack omits it.
    of_key = [s for _, s in template.statements() if s["Action"].startswith("kms:")]
    bound = {"Null": {"kms:EncryptionContext:groupId": "false"}}
    # The function that calls webhooks decrypts their secrets and no others.
    webhooks = {"StringEquals": {"kms:EncryptionContext:secret": SecretName.WEBHOOK.value}}
    assert [s["Condition"] for s in of_key] == [bound, bound, bound, webhooks]
    assert {target(statement["Resource"]) for statement in of_key} == {"SecretsKey"}
    local = [s for _, s in Template(Platform="emulator").statements()]
    assert not any("Condition" in s for s in local if s["Action"].startswith("kms:"))


def test_each_consumer_may_receive_from_its_own_queue(template: Template) -> None:
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


def who(template: Template, *actions: str) -> set[str]:
    """Name the roles that allow one of these actions."""
    return {role for role, statement in template.statements() if statement["Action"] in actions}
