"""Signing in, the whole way: by an enterprise's own identity provider, and with a second factor.

The provider is one of SAML, and we send its answers. The emulator does not check their signatures;
that is Cognito's, as is the scope that a person would need to write attributes.
"""

import base64
import hashlib
import hmac
import json
import struct
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local.api import Api
from local.stack import Stack, add_admin, new_password
from shared.adapters.control_table.providers import DynamoProviders
from shared.domain.ids import EnterpriseId
from shared.domain.sign_in import ADMINS, ENTERPRISE_CLAIM, AdminsBy, TrustedProvider
from tests.e2e.deployed import logs_of, new_admin

NORTH, NOBODYS = "NorthIdP", "NobodysIdP"
CALLBACK = "https://app.example/callback"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"


@dataclass(frozen=True)
class Pages:
    """The sign-in pages of the stack, and whom they send to identity providers and back."""

    stack: Stack
    client_id: str

    def sign_in(self, provider: str, name_id: str, **attributes: str) -> dict[str, Any]:
        """Sign in by a provider that says these things of its user; returns the tokens."""
        endpoint, session = self.stack.endpoint_url, requests.Session()
        session.trust_env = False
        asked = session.get(
            f"{endpoint}/oauth2/authorize",
            params={
                "identity_provider": provider,
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": CALLBACK,
                "scope": "openid email",
            },
            allow_redirects=False,
            timeout=30,
        )
        assert asked.status_code == 302, asked.text
        [relay] = parse_qs(urlsplit(asked.headers["Location"]).query)["RelayState"]
        told = session.post(
            f"{endpoint}/saml2/idpresponse",
            data={"SAMLResponse": _assertion(name_id, attributes), "RelayState": relay},
            allow_redirects=False,
            timeout=30,
        )
        assert told.status_code == 302, told.text
        [code] = parse_qs(urlsplit(told.headers["Location"]).query)["code"]
        return self._tokens(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    def refresh(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """Get new tokens by the refresh token."""
        return self._tokens(grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    def _tokens(self, **form: str) -> dict[str, Any]:
        session = requests.Session()
        session.trust_env = False
        answer = session.post(
            f"{self.stack.endpoint_url}/oauth2/token",
            data={"client_id": self.client_id, **form},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def enters(self, tokens: dict[str, Any]) -> int:
        """The status with which the API answers to the bearer of the tokens."""
        return Api(self.stack.api_url, tokens["id_token"]).call("GET", "/groups").status


def _assertion(name_id: str, attributes: dict[str, str]) -> str:
    said = "".join(
        f'<a:Attribute Name="{name}"><a:AttributeValue>{value}</a:AttributeValue></a:Attribute>'
        for name, value in attributes.items()
    )
    text = (
        f'<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="{ASSERTION}">'
        f"<a:Assertion><a:Subject><a:NameID>{name_id}</a:NameID></a:Subject>"
        f"<a:AttributeStatement>{said}</a:AttributeStatement></a:Assertion></p:Response>"
    )
    return base64.b64encode(text.encode()).decode()


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


@pytest.fixture
def pages(stack: Stack) -> Pages:
    described = stack.client("cloudformation").describe_stacks(StackName=stack.stack_name)
    outputs = {out["OutputKey"]: out["OutputValue"] for out in described["Stacks"][0]["Outputs"]}
    if "FederatedClientId" not in outputs:
        pytest.skip("this stack was deployed without identity providers")
    cognito = stack.client("cognito-idp")
    known = cognito.list_identity_providers(UserPoolId=stack.user_pool_id)["Providers"]
    for name in {NORTH, NOBODYS} - {each["ProviderName"] for each in known}:
        cognito.create_identity_provider(
            UserPoolId=stack.user_pool_id,
            ProviderName=name,
            ProviderType="SAML",
            ProviderDetails={"MetadataURL": f"https://{name.lower()}.example/metadata"},
            AttributeMapping={"email": "mail"},
        )
    return Pages(stack, outputs["FederatedClientId"])


def test_people_of_a_provider_enter_its_enterprise_and_no_other(stack: Stack, pages: Pages) -> None:
    enterprise = f"north-{uuid.uuid4().hex[:8]}"
    providers = DynamoProviders(stack.client("dynamodb"), stack.control_table)

    def trust(admins_by: AdminsBy) -> None:
        providers.trust(
            TrustedProvider(name=NORTH, enterprise=EnterpriseId(enterprise), admins_by=admins_by)
        )

    # Before the operator trusts it a provider opens nothing.
    someone = f"ann-{uuid.uuid4().hex[:8]}"
    providers.distrust(NORTH)
    tokens = pages.sign_in(NORTH, someone, mail="ann@south.example")
    assert (pages.enters(tokens), ENTERPRISE_CLAIM in _claims(tokens["id_token"])) == (403, False)

    trust(AdminsBy.EVERYONE)
    tokens = pages.refresh(tokens)
    claims = _claims(tokens["id_token"])
    assert (claims[ENTERPRISE_CLAIM], pages.enters(tokens)) == (enterprise, 200)
    # It is the enterprise in which its local admins are, too.
    local = new_admin(stack, enterprise)
    local.call("POST", "/customers", {"customerId": "c1", "name": "One"})
    [customer] = Api(stack.api_url, tokens["id_token"]).get("/customers")["customers"]
    assert customer["customerId"] == "c1"

    # Where the operator names the admins, they are those of the pool's group.
    trust(AdminsBy.MEMBERS)
    tokens = pages.sign_in(NORTH, someone, mail="ann@south.example")
    assert pages.enters(tokens) == 403
    stack.client("cognito-idp").admin_add_user_to_group(
        UserPoolId=stack.user_pool_id, Username=f"{NORTH}_{someone}", GroupName=ADMINS
    )
    assert pages.enters(pages.refresh(tokens)) == 200
    providers.distrust(NORTH)
    assert pages.enters(pages.refresh(tokens)) == 403

    # Another provider of the same pool, whose user has the same name.
    trust(AdminsBy.EVERYONE)
    stranger = pages.sign_in(NOBODYS, someone, mail="ann@north.example")
    assert pages.enters(stranger) == 403
    assert ADMINS not in _claims(stranger["id_token"]).get("cognito:groups", [])
    assert not [line for line in logs_of(stack, "decide_claims") if someone in line]


def test_an_authenticator_app_is_asked_for(stack: Stack) -> None:
    cognito, client = stack.client("cognito-idp"), stack.user_pool_client_id
    username, password = f"{uuid.uuid4().hex[:12]}@totp.example", new_password()
    add_admin(stack, username, password, "totp")

    def begin() -> dict[str, Any]:
        answer: dict[str, Any] = cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=client,
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        return answer

    access = begin()["AuthenticationResult"]["AccessToken"]
    secret = cognito.associate_software_token(AccessToken=access)["SecretCode"]
    cognito.verify_software_token(AccessToken=access, UserCode=_code(secret))
    cognito.set_user_mfa_preference(
        AccessToken=access,
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    challenge = begin()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answer = cognito.respond_to_auth_challenge(
        ClientId=client,
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": username, "SOFTWARE_TOKEN_MFA_CODE": _code(secret)},
    )
    token = answer["AuthenticationResult"]["IdToken"]
    assert Api(stack.api_url, token).call("GET", "/groups").status == 200


def _code(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238: HMAC-SHA1, 30 s, six digits)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    place = digest[-1] & 15
    [number] = struct.unpack(">I", digest[place : place + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"
