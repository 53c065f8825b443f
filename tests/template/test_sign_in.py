"""Sign-in as the template sets it up. The emulator enforces little of it."""

from itertools import product

import pytest

from shared.adapters.control_table.keys import PK, provider_key
from shared.domain.sign_in import ADMINS, ENTERPRISE_ATTRIBUTE
from tests.template.processed import Template, target

FEDERATED = {
    "SignInDomain": "homeroom-north",
    "SignInProviders": "NorthIdP,SouthIdP",
    "SignInCallbackUrls": "https://app.example/callback",
}
OWN_ATTRIBUTES = "aws.cognito.signin.user.admin"
"""With this scope, an access token may write its owner's attributes (UpdateUserAttributes)."""


@pytest.fixture(scope="module")
def federated() -> Template:
    return Template(**FEDERATED)


@pytest.mark.parametrize("parameters", [{}, FEDERATED])
def test_no_client_lets_people_write_what_decides_their_rights(
    parameters: dict[str, str],
) -> None:
    template = Template(**parameters)
    # An attribute of the schema can never be removed, so there is none that nobody needs.
    [enterprise] = template["UserPool"]["Schema"]
    assert f"custom:{enterprise['Name']}" == ENTERPRISE_ATTRIBUTE
    assert enterprise["Mutable"] is False
    for client in template.of_type("Cognito::UserPoolClient").values():
        # Without a list of its own, a client may write every standard attribute.
        assert client["WriteAttributes"] == ["email"]


def test_no_password_works_at_the_client_of_identity_providers(federated: Template) -> None:
    client = federated["FederatedClient"]
    # After a password, an access token may write attributes, whatever scopes the client has.
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert "COGNITO" not in client["SupportedIdentityProviders"]
    assert OWN_ATTRIBUTES not in client["AllowedOAuthScopes"]


def test_the_federated_client_needs_a_domain_and_providers() -> None:
    for domain, providers in product(("", "homeroom-north"), ("", "NorthIdP")):
        template = Template(SignInDomain=domain, SignInProviders=providers)
        clients = set(template.of_type("Cognito::UserPoolClient"))
        both = bool(domain and providers)
        assert clients == {"UserPoolClient"} | ({"FederatedClient"} if both else set())
        assert bool(template.of_type("Cognito::UserPoolDomain")) == bool(domain)
        assert ("FederatedClientId" in template.outputs) == both
    assert template["UserPoolClient"]["SupportedIdentityProviders"] == ["COGNITO"]


def test_providers_use_the_code_flow_and_known_callbacks(
    federated: Template,
) -> None:
    client = federated["FederatedClient"]
    assert client["SupportedIdentityProviders"] == ["NorthIdP", "SouthIdP"]
    assert client["CallbackURLs"] == ["https://app.example/callback"]
    # A public client. The implicit flow would leave tokens in browser histories and logs.
    assert (client["AllowedOAuthFlows"], client["GenerateSecret"]) == (["code"], False)


def test_a_second_factor_is_required_by_default() -> None:
    for asked in ("ON", "OPTIONAL"):
        pool = Template(Mfa=asked)["UserPool"]
        assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == (asked, ["SOFTWARE_TOKEN_MFA"])
    assert "EnabledMfas" not in Template(Mfa="OFF")["UserPool"]
    assert Template()["UserPool"]["MfaConfiguration"] == "ON"


def test_passwords_are_long_and_recovered_by_a_verified_address() -> None:
    pool = Template()["UserPool"]
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 14
    assert policy["TemporaryPasswordValidityDays"] == 7
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    recovery = pool["AccountRecoverySetting"]["RecoveryMechanisms"]
    assert [each["Name"] for each in recovery] == ["verified_email"]
    # Otherwise somebody with an access token for an hour could take over the account for good.
    changes = pool["UserAttributeUpdateSettings"]
    assert changes == {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def test_tokens_expire(federated: Template) -> None:
    in_hours = {"minutes": 1 / 60, "hours": 1, "days": 24}
    longest = {"UserPoolClient": 5 * 24, "FederatedClient": 12}
    for name, client in federated.of_type("Cognito::UserPoolClient").items():
        units = client["TokenValidityUnits"]
        lives = {kind: client[f"{kind}Validity"] * in_hours[units[kind]] for kind in units}
        assert lives == {"IdToken": 1, "AccessToken": 1, "RefreshToken": longest[name]}
        assert client["EnableTokenRevocation"] is True
        assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_the_function_that_decides_claims_reads_only_providers(
    federated: Template,
) -> None:
    pool = federated["UserPool"]
    assert target(pool["LambdaConfig"]["PreTokenGeneration"]) == "DecideClaimsFunction"
    [permission] = [
        each
        for each in federated.of_type("Lambda::Permission").values()
        if target(each["FunctionName"]) == "DecideClaimsFunction"
    ]
    assert permission["Principal"] == "cognito-idp.amazonaws.com"
    assert target(permission["SourceArn"]) == "UserPool"
    allowed = [
        statement
        for role, statement in federated.statements()
        if role == "DecideClaimsRole" and "dynamodb" in statement["Action"]
    ]
    [read] = allowed
    assert read["Action"] == "dynamodb:GetItem"
    any_provider = provider_key("*")[PK]
    within = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [any_provider]}}
    assert read["Condition"] == within
    # Cognito waits no longer.
    assert federated["DecideClaimsFunction"]["Timeout"] <= 5
    assert federated.of_type("Cognito::UserPoolGroup")["EnterpriseAdmins"]["GroupName"] == ADMINS


def test_people_are_added_by_an_administrator(template: Template) -> None:
    pool = template["UserPool"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["DeletionProtection"] == "ACTIVE"
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert policy["RequireLowercase"] is policy["RequireUppercase"] is True
    [group] = template.of_type("Cognito::UserPoolGroup").values()
    assert group["GroupName"] == "enterprise-admin"


def test_the_client_does_not_reveal_which_accounts_exist(template: Template) -> None:
    client = template["UserPoolClient"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["GenerateSecret"] is False
    assert set(client["ExplicitAuthFlows"]) == {
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
