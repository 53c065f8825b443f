"""API Gateway: routes, answers, stage and limits.

Read from the processed template with the defaults, which are those for AWS: the emulator ignores
these settings, or does not enforce them.
"""

import json
from typing import Any

from tests.template.processed import Template, target


def test_every_route_demands_a_token(template: Template) -> None:
    demands = {
        route: operation["security"][0].popitem()[0]
        for route, operation in routes_of(template).items()
    }
    # The API's description holds nobody's data.
    assert demands.pop("GET /openapi.json") == "NONE"
    assert set(demands.values()) == {"Cognito"}
    [scheme] = template["Api"]["Body"]["securityDefinitions"].values()
    [pool] = scheme["x-amazon-apigateway-authorizer"]["providerARNs"]
    assert target(pool) == "UserPool"


def test_routes(template: Template) -> None:
    # By method, because the emulator silently ignores `ANY`.
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
        "GET /groups/{groupId}/syncs/{runId}/held",
        "GET /groups/{groupId}/hold",
        "GET /groups/{groupId}/hold/records",
        "POST /groups/{groupId}/hold/decisions",
        "GET /groups/{groupId}/kept",
        "GET /groups/{groupId}/kept/records",
        "POST /groups/{groupId}/kept/decisions",
        "GET /groups/{groupId}/exceptions",
        "POST /groups/{groupId}/exceptions",
        "DELETE /groups/{groupId}/exceptions/{exceptionId}",
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


def test_the_gateway_answers_in_problem_json(template: Template) -> None:
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
        # Its one variable is JSON already, with quotes.
        body = answer["responseTemplates"]["application/json"]
        problem = json.loads(body.replace("$context.error.messageString", '"message"'))
        assert {"type", "title", "code", "detail"} <= problem.keys()


def test_a_new_account_lets_the_gateway_log(template: Template) -> None:
    # Without the account's role, AWS refuses the stage and with it the deployment.
    account = template["ApiGatewayAccount"]
    assert target(account["CloudWatchRoleArn"]) == "ApiGatewayRole"
    [trust] = template["ApiGatewayRole"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "apigateway.amazonaws.com"}
    # The whole account uses the role, so it outlives this stack, or is not touched at all.
    assert template.resources["ApiGatewayAccount"]["DeletionPolicy"] == "Retain"
    assert "ApiGatewayAccount" not in Template(ApiLogRole="existing").resources


def test_there_is_one_stage(template: Template) -> None:
    # SAM would deploy another one, named Stage, without our throttling, logs and traces. A
    # deployment that names a stage creates it.
    [stage] = template.of_type("ApiGateway::Stage").values()
    assert stage["StageName"] == "v1"
    [deployment] = template.of_type("ApiGateway::Deployment").values()
    assert "StageName" not in deployment
    assert target(stage["DeploymentId"]) in template.resources


def test_the_stage_comes_after_the_role_that_lets_it_log(template: Template) -> None:
    [stage] = template.of_type("ApiGateway::Stage").values()
    assert target(stage["Variables"]["logRole"]) == "ApiGatewayAccount"
    [stage] = Template(ApiLogRole="existing").of_type("ApiGateway::Stage").values()
    assert stage["Variables"] == {"logRole": "existing"}


def test_metrics_of_each_method_are_optional(template: Template) -> None:
    # Each method would have five metrics that cost as much as custom ones (docs/costs.md).
    [stage] = template.of_type("ApiGateway::Stage").values()
    assert stage["MethodSettings"][0]["MetricsEnabled"] is False
    [stage] = Template(DetailedApiMetrics="true").of_type("ApiGateway::Stage").values()
    assert stage["MethodSettings"][0]["MetricsEnabled"] is True


def test_callers_are_throttled_and_logged(template: Template) -> None:
    [stage] = template.of_type("ApiGateway::Stage").values()
    [settings] = stage["MethodSettings"]
    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    assert settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"] <= 100
    assert target(stage["AccessLogSetting"]["DestinationArn"]) == "ApiLogs"
    assert stage["TracingEnabled"] is True
    # One line of JSON, without token, body or query.
    logged = json.loads(stage["AccessLogSetting"]["Format"])
    assert set(logged) == {"requestId", "method", "route", "status", "latency"}


def routes_of(template: Template) -> dict[str, Any]:
    """Map the routes of the API, such as ``GET /groups``, to their operations."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in template["Api"]["Body"]["paths"].items()
        for method, operation in methods.items()
    }
