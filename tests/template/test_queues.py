"""Queues, their dead-letter queues, and who may write to them.

Read from the processed template with the defaults, which are those for AWS: the emulator ignores
these settings, or does not enforce them.
"""

import pytest

from shared.domain.events import RUN_FINISHED, SOURCE
from shared.domain.group.choices import SyncType
from shared.messages import EXTRACT_ZIP_QUEUE, BeginWaitingRun
from tests.template.processed import Template, target

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
DAY = 86400
DENIED_WITHOUT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def test_every_work_queue_keeps_failed_messages_for_two_weeks(template: Template) -> None:
    assert set(template.of_type("SQS::Queue")) == {*DEAD_LETTERS, *DEAD_LETTERS.values()}
    for queue, parking in DEAD_LETTERS.items():
        redrive = template[queue]["RedrivePolicy"]
        assert target(redrive["deadLetterTargetArn"]) == parking
        assert int(redrive["maxReceiveCount"]) == 5
        # Longer than in its queue, since SQS counts the age from the first time it was sent.
        assert template[parking]["MessageRetentionPeriod"] == 14 * DAY
        assert template[queue]["MessageRetentionPeriod"] < 14 * DAY


def test_dead_letters_have_no_consumer(template: Template) -> None:
    # A consumer would empty the queue that an alarm should ring for.
    sources = template.of_type("Lambda::EventSourceMapping").values()
    assert {target(source["EventSourceArn"]) for source in sources} == set(DEAD_LETTERS)
    for role, statement in template.statements():
        if target(statement["Resource"]) in DEAD_LETTERS.values():
            pytest.fail(f"{role} may touch {statement['Resource']}")


def test_queues_are_encrypted(template: Template) -> None:
    assert all(q["SqsManagedSseEnabled"] for q in template.of_type("SQS::Queue").values())


def test_a_message_is_hidden_for_longer_than_its_function_works(template: Template) -> None:
    # AWS refuses the mapping otherwise, and the emulator does not.
    for source in template.of_type("Lambda::EventSourceMapping").values():
        visibility = template[target(source["EventSourceArn"])]["VisibilityTimeout"]
        assert int(visibility) > template[target(source["FunctionName"])]["Timeout"]


def test_one_failed_message_does_not_repeat_its_batch(template: Template) -> None:
    for source in template.of_type("Lambda::EventSourceMapping").values():
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_long_work_comes_one_by_one_and_upserts_are_limited(template: Template) -> None:
    sources = {
        target(source["FunctionName"]): source
        for source in template.of_type("Lambda::EventSourceMapping").values()
    }
    # Two runs in one invocation would share its timeout.
    assert sources["SyncApiFunction"]["BatchSize"] == 1
    assert sources["PlanSyncFunction"]["BatchSize"] == 1
    assert sources["UpsertEntitiesFunction"]["BatchSize"] <= 5
    # A new on-demand table takes 4,000 writes a second.
    assert sources["UpsertEntitiesFunction"]["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_bucket_and_queues_refuse_plain_http(template: Template) -> None:
    bucket = template["DataBucketPolicy"]
    assert target(bucket["Bucket"]) == "DataBucket"
    policies = template.of_type("SQS::QueuePolicy").values()
    # A second policy on a queue would replace the first.
    held = [target(queue) for policy in policies for queue in policy["Queues"]]
    assert sorted(held) == sorted(template.of_type("SQS::Queue"))
    for policy in (bucket, *policies):
        statement = policy["PolicyDocument"]["Statement"][-1]
        assert statement["Effect"] == "Deny"
        assert statement["Principal"] == "*"
        assert statement["Condition"] == DENIED_WITHOUT_TLS
    [over_bucket] = bucket["PolicyDocument"]["Statement"]
    # The bucket and its objects are two resources.
    assert over_bucket["Resource"] == [
        {"Fn::GetAtt": ["DataBucket", "Arn"]},
        {"Fn::Sub": "${DataBucket.Arn}/*"},
    ]


def test_only_s3_announces_drops(template: Template) -> None:
    # The emulator does not check queue policies.
    [told] = template["DataBucket"]["NotificationConfiguration"]["QueueConfigurations"]
    assert told["Event"] == "s3:ObjectCreated:*"
    assert target(told["Queue"]) == "DropQueue"
    allowed = template["DropQueuePolicy"]["PolicyDocument"]["Statement"][0]
    assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
    assert allowed["Action"] == "sqs:SendMessage"
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_only_its_rule_announces_a_free_zip_group(template: Template) -> None:
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
