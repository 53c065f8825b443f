"""What the template says of keys in the data bucket is what ``object_keys`` says."""

from typing import Any

import pytest

from shared.domain.object_keys import (
    CANDIDATE,
    CURRENT,
    ENDS,
    LIFECYCLE,
    SUPERSEDED,
    UPLOADED,
    Ends,
    Folder,
)
from tests.template.processed import Template, as_list

ARN = "${DataBucket.Arn}/"


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


@pytest.fixture(scope="module")
def rules(template: Template) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = template["DataBucket"]["LifecycleConfiguration"]["Rules"]
    return found


def _folders(end: Ends) -> set[Folder]:
    return {folder for folder in Folder if ENDS[folder] is end}


def _may(template: Template, action: str, role: str | None = None) -> set[str]:
    """The folders in which a role, or any role, may do something."""
    return {
        statement["Resource"]["Fn::Sub"].removeprefix(ARN).removesuffix("/*")
        for each, statement in template.statements()
        if statement["Action"] == action and role in (None, each)
    }


def test_each_folder_has_one_rule_of_its_name(rules: list[dict[str, Any]]) -> None:
    by_folder = {rule["Id"]: rule["Prefix"] for rule in rules if "Prefix" in rule}
    assert by_folder == {folder.value: folder.prefix for folder in Folder}


def test_objects_expire_in_the_folders_that_end_by_age(rules: list[dict[str, Any]]) -> None:
    # An age rule over any other folder would delete what a group's state needs.
    expiring = {each["Prefix"] for each in rules if "ExpirationInDays" in each and "Prefix" in each}
    assert expiring == {folder.prefix for folder in _folders(Ends.BY_AGE)}


def test_objects_expire_by_the_tags_that_are_set(rules: list[dict[str, Any]]) -> None:
    by_tag = {
        rule["Id"]: {tag["Key"]: tag["Value"] for tag in rule["TagFilters"]}
        for rule in rules
        if "TagFilters" in rule
    }
    assert by_tag == {"candidate": CANDIDATE, "superseded": SUPERSEDED}
    assert CURRENT.keys() == {LIFECYCLE}


def test_every_rule_is_for_a_folder_or_a_tag(rules: list[dict[str, Any]]) -> None:
    [rest] = [rule for rule in rules if "Prefix" not in rule and "TagFilters" not in rule]
    # Whatever is left over when an upload breaks off, or when the last version is gone.
    assert rest.keys() == {
        "Id", "Status", "ExpiredObjectDeleteMarker", "AbortIncompleteMultipartUpload"
    }  # fmt: skip


def test_s3_tells_of_uploaded_bundles_alone(template: Template) -> None:
    [told] = template["DataBucket"]["NotificationConfiguration"]["QueueConfigurations"]
    filters = {rule["Name"]: rule["Value"] for rule in told["Filter"]["S3Key"]["Rules"]}
    assert filters == {"prefix": Folder.DROPS.prefix, "suffix": UPLOADED}


def test_roles_are_bound_to_folders(template: Template) -> None:
    patterns = {
        resource["Fn::Sub"]
        for _, statement in template.statements()
        for resource in as_list(statement["Resource"])
        if isinstance(resource, dict) and str(resource.get("Fn::Sub")).startswith(ARN)
    }
    assert patterns == {f"{ARN}{folder.prefix}*" for folder in Folder}


def test_tags_are_set_where_they_end_objects(template: Template) -> None:
    assert _may(template, "s3:PutObjectTagging") == _folders(Ends.BY_TAG)


def test_only_covers_are_deleted_while_their_group_lives(template: Template) -> None:
    assert _may(template, "s3:DeleteObject", "CreateGroupRole") == _folders(Ends.WHEN_REPLACED)


def test_a_deletion_may_sweep_every_folder(template: Template) -> None:
    assert _may(template, "s3:DeleteObjectVersion", "DeleteGroupRole") == set(Folder)
