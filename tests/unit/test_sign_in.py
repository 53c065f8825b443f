"""Who somebody is that signs in, and every way that we know to become somebody else.

Providers are trusted by the operator's own tool; events are those of Cognito's trigger, through the
function itself.
"""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from functions.decide_claims import handler as decide_claims
from shared.domain.errors import ForbiddenError
from shared.domain.sign_in import ADMINS, TrustedProvider, person_of
from shared.http.identity import caller_of
from tests.fakes.api import Context
from tests.fakes.control_table import NAME, make_control_table
from tests.fakes.logs import logged
from tools import trust_provider

Sign = Callable[..., dict[str, Any]]


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """The operator's tool, over the table of which the function reads."""

    def run(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["trust_provider", NAME, *arguments])
        assert trust_provider.main() == 0

    decide_claims.build.cache_clear()
    monkeypatch.setenv("CONTROL_TABLE", NAME)
    with mock_aws():
        make_control_table(boto3.client("dynamodb"))
        yield run
    decide_claims.build.cache_clear()


def federated(provider: str = "NorthIdP", **more: str) -> dict[str, str]:
    """The attributes of a provider's own user, as Cognito holds them."""
    identity = {
        "userId": "ann",
        "providerName": provider,
        "providerType": "SAML",
        "issuer": f"https://{provider}.example",
        "primary": True,
        "dateCreated": 1_780_000_000_000,
    }
    return {
        "sub": "s",
        "cognito:user_status": "EXTERNAL_PROVIDER",
        "identities": json.dumps([identity]),
        "email": "ann@north.example",
        "email_verified": "false",
    } | more


def local(enterprise: str | None = "south", **more: str) -> dict[str, str]:
    """The attributes of a user of the pool, whom an administrator has made."""
    own = {"custom:enterprise": enterprise} if enterprise else {}
    return (
        {"sub": "s", "cognito:user_status": "CONFIRMED", "email": "bo@south.example"} | own | more
    )


def token(
    attributes: dict[str, str],
    *groups: str,
    username: str = "NorthIdP_ann",
    source: str = "TokenGeneration_HostedAuth",
    metadata: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The claims of the ID token that Cognito makes of the function's answer."""
    event = {
        "version": "1",
        "triggerSource": source,
        "userPoolId": "pool",
        "userName": username,
        "callerContext": {"clientId": "client"},
        "request": {
            "userAttributes": attributes,
            "groupConfiguration": {"groupsToOverride": list(groups), "iamRolesToOverride": []},
            **({"clientMetadata": metadata} if metadata else {}),
        },
        "response": {},
    }
    context: Any = Context()
    override = decide_claims.lambda_handler(event, context)["response"]["claimsOverrideDetails"]
    claims: dict[str, Any] = {"token_use": "id", "cognito:username": username}
    claims |= {k: v for k, v in attributes.items() if k != "cognito:user_status"}
    claims["cognito:groups"] = list(groups)
    claims |= override["claimsToAddOrOverride"]
    for name in override["claimsToSuppress"]:
        claims.pop(name, None)
    claims["cognito:groups"] = override["groupOverrideDetails"]["groupsToOverride"]
    return claims


def enters(claims: dict[str, Any]) -> str | None:
    """The enterprise that the API lets the bearer of a token into; None where it lets nobody in."""
    try:
        return caller_of({"requestContext": {"authorizer": {"claims": claims}}}).enterprise
    except ForbiddenError:
        return None


def test_a_user_of_the_pool_is_of_the_enterprise_that_an_administrator_gave(
    trust: Callable[..., None],
) -> None:
    assert enters(token(local("south"), ADMINS, username="b0")) == "south"
    assert enters(token(local("south"), username="b0")) is None, "in no group"
    assert enters(token(local(None), ADMINS, username="b0")) is None, "of no enterprise"
    assert enters(token(local(""), ADMINS, username="b0")) is None


def test_who_comes_from_a_provider_is_of_the_enterprise_that_it_vouches_for(
    trust: Callable[..., None],
) -> None:
    trust("trust", "NorthIdP", "--enterprise", "north", "--admins", "everyone")
    trust("trust", "SouthIdP", "--enterprise", "south")
    assert enters(token(federated("NorthIdP"))) == "north"
    south = federated("SouthIdP")
    assert enters(token(south, username="SouthIdP_ann")) is None
    assert enters(token(south, ADMINS, "pool_SouthIdP", username="SouthIdP_ann")) == "south"


def test_trust_is_withdrawn_with_the_next_token(trust: Callable[..., None]) -> None:
    trust("trust", "NorthIdP", "--enterprise", "north", "--admins", "everyone")
    refresh = "TokenGeneration_RefreshTokens"
    assert enters(token(federated(), source=refresh)) == "north"
    trust("distrust", "NorthIdP")
    assert enters(token(federated(), source=refresh)) is None


# Ways to become somebody else


def test_an_address_of_another_enterprise_opens_nothing(trust: Callable[..., None]) -> None:
    trust("trust", "NorthIdP", "--enterprise", "north", "--admins", "everyone")
    for email in ("bo@south.example", "bo@south.example@north.example"):
        claims = token(federated(email=email, email_verified="true"))
        assert enters(claims) == "north", "and not south"


def test_a_provider_that_nobody_trusts_opens_nothing(trust: Callable[..., None]) -> None:
    trust("trust", "NorthIdP", "--enterprise", "north", "--admins", "everyone")
    for name in ("EvilIdP", "northidp", "NorthIdP2", "North"):
        assert enters(token(federated(name), ADMINS, username=f"{name}_ann")) is None, name


@pytest.mark.parametrize("primary", [True, False, "true", "false", None])
def test_a_linked_profile_opens_nothing(primary: object, trust: Callable[..., None]) -> None:
    trust("trust", "NorthIdP", "--enterprise", "north", "--admins", "everyone")
    trust("trust", "SouthIdP", "--enterprise", "south", "--admins", "everyone")
    north, south = (
        {"userId": "ann", "providerName": name, "primary": primary}
        for name in ("NorthIdP", "SouthIdP")
    )
    both = {"identities": json.dumps([north, south])}
    # A provider's user linked to another's, to a user of the pool, to an admin of the pool.
    assert enters(token(federated(**both), ADMINS)) is None
    linked = {"identities": json.dumps([north])}
    assert enters(token(local(None, **linked), ADMINS, username="b0")) is None
    assert enters(token(local("south", **linked), ADMINS, username="b0")) is None
    # Even one that bears the provider's name, but has an enterprise of its own.
    assert enters(token(federated(**{"custom:enterprise": "south"}), ADMINS)) is None


def test_a_name_like_that_of_a_providers_user_opens_nothing(trust: Callable[..., None]) -> None:
    trust("trust", "NorthIdP", "--enterprise", "north", "--admins", "everyone")
    pretender = local(None)
    assert enters(token(pretender, ADMINS, username="NorthIdP_ann")) is None
    # A provider whose name begins with that of another.
    assert enters(token(federated("NorthIdP"), ADMINS, username="North_IdP_ann")) is None
    assert enters(token(federated("North"), ADMINS, username="NorthIdP_ann")) is None


@pytest.mark.parametrize("name", ["email", "custom:idp_roles", "profile", "homeroom_enterprise"])
@pytest.mark.parametrize("value", ["south", "enterprise-admin", "[enterprise-admin]"])
def test_what_a_person_can_write_opens_nothing(
    name: str, value: str, trust: Callable[..., None]
) -> None:
    """What a client may write its user may write: mapped attributes, whatever their names."""
    trust("trust", "NorthIdP", "--enterprise", "north")
    trust("trust", "SouthIdP", "--enterprise", "south", "--admins", "everyone")
    own = {name: value}
    # No admin of the own enterprise, no other's; by an attribute, or by what a client sends along.
    for metadata in (None, own):
        assert enters(token(federated(**own), metadata=metadata)) is None
        assert enters(token(federated(**own), ADMINS, metadata=metadata)) == "north"
        assert enters(token(local(None, **own), ADMINS, username="b0", metadata=metadata)) is None
        assert enters(token(local("west", **own), ADMINS, username="b0")) == "west"
        assert enters(token(local("west", **own), username="b0", metadata=metadata)) is None


def test_only_the_function_names_the_enterprise_to_the_api() -> None:
    # A token that was given without the function, in a pool that lost it: nobody gets in.
    assert enters({"token_use": "id", "cognito:groups": ADMINS, "custom:enterprise": "a"}) is None
    named = {"cognito:groups": ADMINS, "homeroom_enterprise": "a"}
    assert enters(named | {"token_use": "access"}) is None
    assert enters(named | {"token_use": "id"}) == "a"


def test_a_store_that_does_not_answer_gives_no_token(
    trust: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTROL_TABLE", "another")
    decide_claims.build.cache_clear()
    with logged(decide_claims.logger) as lines, pytest.raises(ClientError):
        token(federated())
    assert [line["message"] for line in lines.all] == ["no token given"]
    # Users of the pool need no store.
    assert enters(token(local(), ADMINS, username="b0")) == "south"


def test_nobody_is_named_in_the_log(trust: Callable[..., None]) -> None:
    with logged(decide_claims.logger) as lines:
        token(federated("EvilIdP"), username="EvilIdP_ann@north.example")
    [line] = lines.all
    assert line["message"] == "signs in without an enterprise"
    assert "ann" not in lines.getvalue()


@given(
    identities=st.one_of(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.text() | st.just("NorthIdP"),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["providerName", "primary", "userId"]) | st.text(), inner
                )
            ),
        ).map(json.dumps),
    ),
    status=st.sampled_from(["EXTERNAL_PROVIDER", "CONFIRMED", None]),
)
def test_whatever_stands_in_identities_it_is_nobody_or_the_providers_own(
    identities: str, status: str | None
) -> None:
    asked = []

    def find(name: str) -> TrustedProvider | None:
        asked.append(name)
        return None

    attributes = {"identities": identities, "custom:enterprise": "south"}
    if status:
        attributes["cognito:user_status"] = status
    person = person_of("NorthIdP_ann", attributes, [ADMINS, "other"], find)
    assert (person.enterprise, person.groups) == (None, ("other",))
    assert asked == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("trust", "NorthIdP", "--enterprise", ""),
        ("trust", "North IdP", "--enterprise", "north"),
        ("trust", "NorthIdP", "--enterprise", "north", "--admins", "nobody"),
    ],
)
def test_what_makes_no_sense_is_not_trusted(
    arguments: tuple[str, ...], trust: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        trust(*arguments)
    trust("show", "NorthIdP")
    assert capsys.readouterr().out == "NorthIdP is not trusted.\n"
