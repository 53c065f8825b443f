"""Deploys the real template to the emulator, and records where everything is.

The description of a running stack is in ``.local/stack.json`` (see ``Stack``).
"""

import contextlib
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local import emulator, sam_cli
from local.builds import Build, build
from local.emulator import REGION, ROOT, ROOT_KEY, StackError
from local.private_file import write_private
from local.processes import run_logged
from local.progress import step
from local.sam_cli import SAM

FOLDER = ROOT / ".local"
STACK_FILE = "stack.json"
STACK_NAME = "homeroom-local"
ARTIFACTS = "homeroom-local-artifacts"
ADMIN_GROUP = "enterprise-admin"
ADMIN = "admin@demo.example"
ENTERPRISE = "demo"

# A person at a terminal waits for retries, so they come sooner than in AWS. If a visibility is
# shorter than its function's time-out, a message may be delivered twice: a claim refuses the
# second.
PARAMETERS = {
    "Platform": "emulator",
    "AllowInsecureSources": "true",
    "DeletionProtection": "false",
    # An authenticator app is optional on a local stack.
    "Mfa": "OPTIONAL",
    "Capacity": "small",
    "LegSeconds": "60",
    "LeaseSeconds": "20",
    "ResendSeconds": "30",
    "LostSeconds": "900",
    "SecondSweepSeconds": "30",
    "SpreadSeconds": "5",
    "QuietSeconds": "2",
    "ExtractVisibilitySeconds": "90",
    "PlanVisibilitySeconds": "90",
    "UpsertVisibilitySeconds": "60",
}


@dataclass(frozen=True)
class Stack:
    """A deployed stack, stored as JSON in camelCase.

    ``api_url``, ``endpoint_url``, ``region``: where the API and the emulator answer.
    ``user_pool_id``, ``user_pool_client_id``: the Cognito user pool and its client.
    ``admin_username``, ``admin_password``: the Enterprise Admin who can sign in.
    ``drop_bucket``, ``control_table``, ``roster_table``, ``secrets_key_id``: where data is.
    ``stack_name``: CloudFormation's name for the stack.
    ``queue_urls``, ``functions``: queues and functions by our names for them.
    ``folder``: where the stack's files are.
    ``made_of``: the digest of what it was deployed from.
    """

    api_url: str
    endpoint_url: str
    region: str
    user_pool_id: str
    user_pool_client_id: str
    admin_username: str
    admin_password: str
    drop_bucket: str
    stack_name: str
    control_table: str
    roster_table: str
    secrets_key_id: str
    queue_urls: Mapping[str, str]
    functions: Mapping[str, str]
    folder: str
    made_of: str

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what ``write`` wrote.

        :raises StackError: there is no such file, or another version of this program wrote it.
        """
        try:
            known = json.loads(file.read_text())
            return cls(**{_snake(name): value for name, value in known.items()})
        except FileNotFoundError as error:
            message = "No local stack is running: start one with `make up`."
            raise StackError(message) from error
        except (ValueError, TypeError, AttributeError) as error:
            message = f"{file} is not what this version writes: start a new stack with `make up`."
            raise StackError(message) from error

    def write(self, file: Path) -> None:
        """Store it, readable by its owner only, because it contains a password."""
        write_private(file, {_camel(name): value for name, value in vars(self).items()})

    def client(self, service: str) -> Any:
        """Make a boto3 client that calls the emulator as root."""
        return client(self.endpoint_url, service)


def client(endpoint: str, service: str) -> Any:
    """Make a boto3 client that calls the emulator as root, whatever the environment says."""
    session = boto3.session.Session(
        aws_access_key_id=ROOT_KEY, aws_secret_access_key=ROOT_KEY, region_name=REGION
    )
    # The emulator supports only version 4 of signed addresses; boto3's default here would be 2. A
    # function may run for minutes, and a retry of the client would run it a second time.
    config = Config(proxies={})
    if service == "s3":
        config = config.merge(Config(signature_version="s3v4"))
    if service == "lambda":
        config = config.merge(Config(read_timeout=910, retries={"total_max_attempts": 1}))
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]  # any service


def start(
    folder: Path,
    *,
    port: int | None = None,
    bind: str = "127.0.0.1",
    parameters: Mapping[str, str] | None = None,
    built: Build | None = None,
    keeps_state: bool = False,
    restores: bool = False,
) -> Stack:
    """Start an emulator, deploy the template to it, and create an Enterprise Admin.

    All files are in ``folder``. A stack already running from there is stopped, but only once the
    new one can start.

    :param keeps_state: whether the emulator saves its data when it ends.
    :param restores: whether to continue with saved data, with the current code and parameters.
    :raises StackError: it cannot be built, started or deployed. Saved data is still there then.
    """
    check_tools()
    folder.mkdir(parents=True, exist_ok=True)
    built = built or build()
    current = emulator.running(folder)
    if port and not emulator.is_free(port) and not (current and current.port == port):
        message = f"Port {port} is taken by another program; choose another one with PORT=…"
        raise StackError(message)
    if current:
        with step("Stopping the stack that was running"):
            stop(folder)
    if restores and emulator.kept_port(folder) is None:
        message = (
            "The running stack could not save its data, and has stopped: there is nothing to "
            "continue with. `make up` without KEEP=1 starts an empty one."
        )
        raise StackError(message)
    with step("Starting the AWS emulator"):
        aws = emulator.start(
            folder,
            port=port or emulator.free_port(),
            bind=bind,
            keeps_state=keeps_state,
            restores=restores,
        )
    used = {**PARAMETERS, **(parameters or {})}
    try:
        with step("Deploying the template"):
            deploy(built.template, folder, aws.endpoint, used)
        with step("Adding an Enterprise Admin"):
            stack = _describe(folder, aws.endpoint, made_of(built, used))
            add_admin(stack, stack.admin_username, stack.admin_password, ENTERPRISE)
            stack.write(folder / STACK_FILE)
    except BaseException:
        emulator.stop(folder, saves=False)
        raise
    emulator.forget_kept(folder)
    return stack


def check_tools() -> None:
    """Check that the tools for starting a stack are installed.

    :raises StackError: one is missing.
    """
    for tool in (emulator.INTERPRETER, SAM):
        if not tool.exists():
            message = f"{tool.relative_to(ROOT)} is missing: run `make setup`."
            raise StackError(message)


def made_of(built: Build, parameters: Mapping[str, str]) -> str:
    """Make a digest of what a stack is made from: the build, its parameters, the emulator."""
    emulated_by = (ROOT / "requirements" / "emulator.txt").read_text()
    known = json.dumps([built.key, sorted(parameters.items()), emulated_by])
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def stop(folder: Path) -> bool:
    """Stop the stack of ``folder``; returns whether there was one."""
    (folder / STACK_FILE).unlink(missing_ok=True)
    return emulator.stop(folder)


def deploy(template: Path, folder: Path, endpoint: str, parameters: Mapping[str, str]) -> None:
    """Deploy a built template with the SAM CLI, as to AWS."""
    # Our own bucket: `--resolve-s3` would first deploy another stack for one.
    s3 = client(endpoint, "s3")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": REGION})
    try:
        _run(
            [
                str(SAM),
                *("deploy", "--template-file", str(template), "--stack-name", STACK_NAME),
                *("--s3-bucket", ARTIFACTS, "--capabilities", "CAPABILITY_IAM", "--no-progressbar"),
                *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
                "--parameter-overrides",
                *(f"{name}={value}" for name, value in parameters.items()),
            ],
            log=folder / "deploy.log",
            env=emulator.environment(endpoint)
            | sam_cli.environment()
            | {"SAM_CLI_POLL_DELAY": "0.3"},
        )
    except StackError as error:
        message = "\n".join([*_failed_resources(endpoint), str(error)])
        raise StackError(message) from error
    # The functions have their code by now.
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=ARTIFACTS):
        for found in page.get("Contents", ()):
            s3.delete_object(Bucket=ARTIFACTS, Key=found["Key"])


def add_admin(stack: Stack, username: str, password: str, enterprise: str) -> None:
    """Create an Enterprise Admin of ``enterprise``; an existing one gets the new password."""
    cognito, pool = stack.client("cognito-idp"), stack.user_pool_id
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=username,
            MessageAction="SUPPRESS",
            # The emulator would invent one that is too short for the pool's policy.
            TemporaryPassword=password,
            UserAttributes=[
                {"Name": "email", "Value": username},
                {"Name": "email_verified", "Value": "true"},
                {"Name": "custom:enterprise", "Value": enterprise},
            ],
        )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=username, Password=password, Permanent=True
    )
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName=ADMIN_GROUP)


def sign_in(stack: Stack, username: str, password: str) -> str:
    """Sign in through Cognito; returns the ID token for the Authorization header."""
    tokens = authenticate(stack, "USER_PASSWORD_AUTH", USERNAME=username, PASSWORD=password)
    return str(tokens["IdToken"])


def authenticate(stack: Stack, flow: Any, **parameters: str) -> dict[str, Any]:
    """Run one of Cognito's flows; returns its AuthenticationResult, with the tokens.

    :raises botocore.exceptions.ClientError: Cognito refuses it.
    """
    answer = stack.client("cognito-idp").initiate_auth(
        AuthFlow=flow, ClientId=stack.user_pool_client_id, AuthParameters=parameters
    )
    tokens: dict[str, Any] = answer["AuthenticationResult"]
    return tokens


def new_password() -> str:
    """Make a password that the pool's policy accepts."""
    return f"Aa1-{secrets.token_urlsafe(18)}"


def _describe(folder: Path, endpoint: str, made_of: str) -> Stack:
    cloudformation = client(endpoint, "cloudformation")
    described = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    out = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    stage = out["ApiUrl"].rsplit("/", 1)[-1]
    return Stack(
        # On AWS the API has its own host name; here that name would not resolve.
        api_url=f"{endpoint}/_aws/execute-api/{out['ApiId']}/{stage}",
        endpoint_url=endpoint,
        region=REGION,
        user_pool_id=out["UserPoolId"],
        user_pool_client_id=out["UserPoolClientId"],
        admin_username=ADMIN,
        admin_password=new_password(),
        drop_bucket=out["DataBucketName"],
        stack_name=STACK_NAME,
        control_table=out["ControlTableName"],
        roster_table=out["RosterTableName"],
        secrets_key_id=out["SecretsKeyId"],
        queue_urls=_ending(out, "Url", skip="Api"),
        functions=_ending(out, "FunctionName"),
        folder=str(folder),
        made_of=made_of,
    )


def _ending(outputs: Mapping[str, str], suffix: str, *, skip: str = "") -> dict[str, str]:
    """Pick the outputs with a suffix, by their names without it: ``extractApiQueue: http://…``."""
    names = (name for name in outputs if name.endswith(suffix) and name != f"{skip}{suffix}")
    return {
        _snake(name.removesuffix(suffix)[0].lower() + name.removesuffix(suffix)[1:]): outputs[name]
        for name in names
    }


def _failed_resources(endpoint: str) -> list[str]:
    """List which resources failed and why; the SAM CLI's own table wraps such lines."""
    try:
        events = client(endpoint, "cloudformation").describe_stack_events(StackName=STACK_NAME)
    except (BotoCoreError, ClientError):
        return []
    return [
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    ]


def _run(command: Sequence[str], *, log: Path, env: dict[str, str]) -> None:
    if not run_logged(command, log=log, folder=ROOT, environment=env):
        said = emulator.tail(log, 25)
        # The SAM CLI prints all its settings first; the important part begins with this word.
        said = said[max(said.rfind("\nError"), -1) + 1 :]
        message = f"`{Path(command[0]).name} {command[1]}` failed:\n{said}"
        raise StackError(message)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
