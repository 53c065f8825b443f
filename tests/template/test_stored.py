"""What keeps data: tables, bucket and secrets key.

Read from the processed template with the defaults, which are those for AWS: the emulator ignores
these settings, or does not enforce them.
"""

import pytest

from shared.adapters.control_table import keys as control_keys
from shared.adapters.control_table.attributes import EXPIRES_AT, GroupItem, RunItem
from shared.adapters.roster_table import keys as roster_keys
from shared.adapters.roster_table.attributes import RecordItem
from shared.domain import timers
from shared.domain.object_keys import Folder
from shared.sync.past_rosters import UNDO_DAYS
from tests.template.processed import Template

STATEFUL = ["ControlTable", "RosterTable", "SecretsKey", "DataBucket", "UserPool"]


@pytest.mark.parametrize("name", ["ControlTable", "RosterTable"])
def test_tables_can_be_restored_and_expire_items(template: Template, name: str) -> None:
    table = template[name]
    # A bad deployment or a mistake costs seconds, not the roster.
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["DeletionProtectionEnabled"] == "true"
    # Nothing else removes runs after 400 days and deleted records after 120.
    expiry = {"ControlTable": EXPIRES_AT, "RosterTable": RecordItem.EXPIRES_AT}[name]
    assert table["TimeToLiveSpecification"] == {"AttributeName": expiry, "Enabled": True}
    # A first load writes for minutes, and then nothing happens until the night.
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    # The audit trail shows uses of this key, unlike those of the key that AWS owns.
    assert table["SSESpecification"] == {"SSEEnabled": True}


def _keys(schema: list[dict[str, str]]) -> tuple[str, ...]:
    assert [each["KeyType"] for each in schema] == ["HASH", "RANGE"][: len(schema)]
    return tuple(each["AttributeName"] for each in schema)


def test_tables_and_indexes_have_the_keys_that_adapters_use(template: Template) -> None:
    found = {
        name: {
            index.get("IndexName"): _keys(index["KeySchema"])
            for index in (template[name], *template[name]["GlobalSecondaryIndexes"])
        }
        for name in ("ControlTable", "RosterTable")
    }
    assert found["ControlTable"] == {
        None: (control_keys.PK, control_keys.SK),
        control_keys.OPEN_RUNS: (RunItem.OPEN_SHARD, RunItem.OPEN_UNTIL),
        control_keys.DUE_GROUPS: (GroupItem.DUE_PERIOD, GroupItem.NEXT_RUN_AT),
    }
    assert found["RosterTable"] == {
        None: (roster_keys.PK, roster_keys.SK),
        roster_keys.BY_USER: (RecordItem.USER_KEY, roster_keys.SK),
    }
    # Whoever looks for overdue runs asks the index alone.
    [open_runs, _] = template["ControlTable"]["GlobalSecondaryIndexes"]
    projected = {"ProjectionType": "INCLUDE", "NonKeyAttributes": [RunItem.ENTERPRISE]}
    assert open_runs["Projection"] == projected


@pytest.mark.parametrize("name", STATEFUL)
def test_deleting_the_stack_deletes_no_data(template: Template, name: str) -> None:
    resource = template.resources[name]
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_the_current_snapshot_never_expires(template: Template) -> None:
    # A rule by age over snapshots/ would delete the base of a quiet group, and its next run
    # would take everything as new. Only what is tagged as past expires.
    rules = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
    expiring = [rule for rule in rules if "ExpirationInDays" in rule]
    assert all("Prefix" in rule or "TagFilters" in rule for rule in expiring)
    by_tag = {
        rule["TagFilters"][0]["Value"]: rule["ExpirationInDays"]
        for rule in expiring
        if "TagFilters" in rule
    }
    # What is superseded goes at the next midnight, and its days as a version count from then.
    # A longer rule would count from its creation, so that an old roster could not be undone.
    assert by_tag == {"candidate": 7, "superseded": 1}
    [kept] = [rule for rule in rules if rule.get("Prefix") == Folder.SNAPSHOTS.prefix]
    assert kept["NoncurrentVersionExpiration"] == {"NoncurrentDays": UNDO_DAYS}


def test_raw_data_and_reports_expire(template: Template) -> None:
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


def test_deleted_objects_expire_in_every_folder(template: Template) -> None:
    # In a versioned bucket, an expired object stays as a version unless that expires, too.
    rules = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
    noncurrent = {
        rule["Prefix"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in rules
        if "NoncurrentVersionExpiration" in rule and "Prefix" in rule
    }
    assert noncurrent.keys() == {folder.prefix for folder in Folder}
    # The shortest time that S3 allows, except where something still reads the version.
    assert {prefix for prefix, days in noncurrent.items() if days > 1} == {
        "snapshots/",
        "drops/",
    }
    assert noncurrent["drops/"] >= timers.RUN_DEADLINE.days
    # The shortest rule for an object wins, so a rule for all objects would end undo.
    for rule in rules:
        if "NoncurrentVersionExpiration" in rule and "Prefix" not in rule:
            assert rule["TagFilters"] == [{"Key": "lifecycle", "Value": "candidate"}]


def test_leftovers_of_objects_expire(template: Template) -> None:
    rules = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
    [remains] = [rule for rule in rules if "ExpiredObjectDeleteMarker" in rule]
    assert remains["ExpiredObjectDeleteMarker"] is True
    # Parts of a broken upload are invisible, and cost money.
    assert remains["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert not {"Prefix", "TagFilters"} & remains.keys()
    assert {rule["Status"] for rule in rules} == {"Enabled"}


def test_bucket_is_private_encrypted_and_versioned(template: Template) -> None:
    bucket = template["DataBucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    # No object's own access list can open it to others.
    [ownership] = bucket["OwnershipControls"]["Rules"]
    assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
    [encryption] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms"}
    # Without this, each object costs a call of KMS.
    assert encryption["BucketKeyEnabled"] is True
    # A plan names the version that it has read.
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_secrets_key_rotates_and_belongs_to_the_account(template: Template) -> None:
    key = template["SecretsKey"]
    assert key["EnableKeyRotation"] is True
    [statement] = key["KeyPolicy"]["Statement"]
    assert statement["Principal"] == {
        "AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    }
