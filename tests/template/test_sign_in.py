"""Sign-in as the template sets it up: the emulator minds little of it, so that it is read here."""

from itertools import product

import pytest

from shared.domain.sign_in import ADMINS, ENTERPRISE_ATTRIBUTE
from tests.template.processed import Template, target

FEDERATED = {
    "SignInDomain": "homeroom-north",
    "SignInProviders": "NorthIdP,SouthIdP",
    "SignInCallbackUrls": "https://app.example/callback",
}
OWN_ATTRIBUTES = "aws.cognito.signin.user.admin"
"""The scope with which a person's access token may write attributes (API: UpdateUserAttributes)."""


@pytest.fixture(scope="module")
def federated() -> Template:
    return Template(**FEDERATED)


@pytest.mark.parametrize("parameters", [{}, FEDERATED])
def test_no_client_lets_a_person_write_what_decides_on_the_person(
    parameters: dict[str, str],
) -> None:
    template = Template(**parameters)
    # The schema can never be changed: an attribute that nobody needs would stay.
    [enterprise] = template["UserPool"]["Schema"]
    assert f"custom:{enterprise['Name']}" == ENTERPRISE_ATTRIBUTE
    assert enterprise["Mutable"] is False
    for client in template.of_type("Cognito::UserPoolClient").values():
        # Without a list of its own a client may write every standard attribute.
        assert client["WriteAttributes"] == ["email"]


def test_nobody_comes_by_a_password_where_people_of_providers_do(federated: Template) -> None:
    client = federated["FederatedClient"]
    # An access token of a password has the scope to write attributes, whatever the client's are.
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert "COGNITO" not in client["SupportedIdentityProviders"]
    assert OWN_ATTRIBUTES not in client["AllowedOAuthScopes"]


def test_without_providers_there_is_no_way_in_for_them() -> None:
    for domain, providers in product(("", "homeroom-north"), ("", "NorthIdP")):
        template = Template(SignInDomain=domain, SignInProviders=providers)
        clients = set(template.of_type("Cognito::UserPoolClient"))
        both = bool(domain and providers)
        assert clients == {"UserPoolClient"} | ({"FederatedClient"} if both else set())
        assert bool(template.of_type("Cognito::UserPoolDomain")) == bool(domain)
        assert ("FederatedClientId" in template.outputs) == both
    assert template["UserPoolClient"]["SupportedIdentityProviders"] == ["COGNITO"]


def test_people_of_providers_come_by_code_and_only_back_to_where_they_may(
    federated: Template,
) -> None:
    client = federated["FederatedClient"]
    assert client["SupportedIdentityProviders"] == ["NorthIdP", "SouthIdP"]
    assert client["CallbackURLs"] == ["https://app.example/callback"]
    # A public client; a token in an address (implicit) would stand in histories and logs.
    assert (client["AllowedOAuthFlows"], client["GenerateSecret"]) == (["code"], False)


def test_a_second_factor_is_wanted_unless_somebody_says_otherwise() -> None:
    for asked in ("ON", "OPTIONAL"):
        pool = Template(Mfa=asked)["UserPool"]
        assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == (asked, ["SOFTWARE_TOKEN_MFA"])
    assert "EnabledMfas" not in Template(Mfa="OFF")["UserPool"]
    assert Template()["UserPool"]["MfaConfiguration"] == "ON"


def test_passwords_are_long_and_recovered_by_an_address_that_was_verified() -> None:
    pool = Template()["UserPool"]
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 14
    assert policy["TemporaryPasswordValidityDays"] == 7
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    recovery = pool["AccountRecoverySetting"]["RecoveryMechanisms"]
    assert [each["Name"] for each in recovery] == ["verified_email"]
    # Else whoever holds an access token for an hour could take the account over for good.
    changes = pool["UserAttributeUpdateSettings"]
    assert changes == {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def test_tokens_end(federated: Template) -> None:
    in_hours = {"minutes": 1 / 60, "hours": 1, "days": 24}
    longest = {"UserPoolClient": 5 * 24, "FederatedClient": 12}
    for name, client in federated.of_type("Cognito::UserPoolClient").items():
        units = client["TokenValidityUnits"]
        lives = {kind: client[f"{kind}Validity"] * in_hours[units[kind]] for kind in units}
        assert lives == {"IdToken": 1, "AccessToken": 1, "RefreshToken": longest[name]}
        assert client["EnableTokenRevocation"] is True
        assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_tokens_are_decided_on_by_a_function_that_reads_nothing_but_providers(
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
    assert read["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["IDP#*"]}}
    # Longer than Cognito waits, it would work for nobody.
    assert federated["DecideClaimsFunction"]["Timeout"] <= 5
    assert federated.of_type("Cognito::UserPoolGroup")["EnterpriseAdmins"]["GroupName"] == ADMINS
