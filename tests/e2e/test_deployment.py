"""The stack itself: routes, sign-in, permissions, logs."""

import json

import pytest

from local.api import Api
from local.stack import Stack
from tests.e2e.deployed import invoke, logs_of


def test_no_token_is_refused(stack: Stack) -> None:
    assert Api(stack.api_url).call("GET", "/groups").status == 401


def test_forged_token_is_refused(stack: Stack, api: Api) -> None:
    forged = f"{api.token}"[:-4] + "AAAA"
    assert Api(stack.api_url, forged).call("GET", "/groups").status == 401


def test_signed_in_admin_is_heard(api: Api) -> None:
    assert api.call("GET", "/groups").status == 200


def test_every_function_starts_with_only_what_it_ships(stack: Stack) -> None:
    """An import that only the development environment has would fail here."""
    assert invoke(stack, "close_runs", {}) is not None
    for function in ("sync_api", "plan_sync", "upsert_entities"):
        assert invoke(stack, function, {"Records": []}) == {"batchItemFailures": []}


def test_logs_can_be_read(stack: Stack) -> None:
    invoke(stack, "close_runs", {})
    assert any(line.startswith("REPORT") for line in logs_of(stack, "close_runs"))


def test_permissions_are_enforced(stack: Stack) -> None:
    """The other tests prove nothing about permissions on an emulator that does not check them."""
    iam, lambdas = stack.client("iam"), stack.client("lambda")
    role = lambdas.get_function_configuration(FunctionName=stack.functions["close_runs"])["Role"]
    name = role.rsplit("/", 1)[-1]
    policy = iam.get_role_policy(RoleName=name, PolicyName="close-runs")["PolicyDocument"]
    nothing = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=name, PolicyName="close-runs", PolicyDocument=json.dumps(nothing))
    try:
        with pytest.raises(AssertionError, match="AccessDenied"):
            invoke(stack, "close_runs", {})
    finally:
        iam.put_role_policy(
            RoleName=name, PolicyName="close-runs", PolicyDocument=json.dumps(policy)
        )
    assert invoke(stack, "close_runs", {}) is not None
