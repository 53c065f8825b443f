"""Checks a deployed stack against its OpenAPI document: `make contract`.

Schemathesis makes good and bad requests from the document and checks each answer: no 5xx, and no
status, type or shape that the document lacks. A group with a roster is created first, so that the
requests can use existing ids.
"""

import argparse
import json
import subprocess
import sys
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

from local.api import Api, signed_in
from local.arguments import whole
from local.closed_document import closed
from local.entry import run_command
from local.invoke import running_stack
from local.progress import step
from local.run_view import SILENCE, ended
from local.sample_district.roster import generate
from local.sample_district.server import DistrictServer
from local.stack import Stack, add_admin, new_password

SCHEMATHESIS = Path(__file__).parents[1] / ".venv-contract" / "bin" / "schemathesis"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance",
)  # fmt: skip
EXAMPLES = 20


def hold_to_contract(stack: Stack, examples: int, *, workers: int = 2) -> tuple[bool, str]:
    """Make requests, ``examples`` of each kind for each operation.

    Returns whether all answers were right, and the report. The requests change things, so they are
    made by an admin of a new enterprise.
    """
    enterprise = f"contract-{uuid.uuid4().hex[:12]}"
    username, password = f"admin@{enterprise}.example", new_password()
    add_admin(stack, username, password, enterprise)
    api = signed_in(stack, username, password)
    with DistrictServer(generate(pupils=30)) as server, TemporaryDirectory() as folder:
        known = _prepare(api, server)
        config = Path(folder) / "schemathesis.toml"
        config.write_text(_config(api, known))
        done = subprocess.run(
            [
                *(str(SCHEMATHESIS), "--no-color", "--config-file", str(config), "run"),
                str(_document(api, Path(folder))),
                *("--url", stack.api_url, "--checks", ",".join(CHECKS)),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", str(examples)),
                *("--workers", str(workers), "--warnings", "off", "--seed", "1"),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode == 0, done.stdout + done.stderr


def _prepare(api: Api, server: DistrictServer) -> dict[str, str]:
    """Create a group with a roster; returns existing values for the paths' parameters."""
    body = {
        "name": "Contract",
        "email": "it@contract.example",
        "clientGroupId": "CONTRACT",
        "onboardingType": "OneRoster1.1",
        "clientPartnerId": server.district.client_partner_id,
        "connection": {
            "url": server.url,
            "authorization": "OAuth1.0",
            "consumerKey": server.credentials.key,
            "secretKey": server.credentials.secret,
        },
    }
    group_id = api.ask("POST", "/groups", body, status=201)["groupId"]
    run_id = api.ask("POST", f"/groups/{group_id}/syncs", {}, status=202)["runId"]
    ended(api.follow_run(group_id, run_id, SILENCE))
    [class_, *_] = api.get(f"/groups/{group_id}/classes")["classes"]
    [user, *_] = api.get(f"/groups/{group_id}/users")["users"]
    [partner, *_] = api.get(f"/groups/{group_id}/partners")["partners"]
    return {
        "groupId": group_id,
        "runId": run_id,
        "classes": class_["id"],
        "users": user["id"],
        "partners": partner["id"],
    }


def _document(api: Api, folder: Path) -> Path:
    """The served document, but closed, and without its security section.

    The emulator's gateway does not give our answers to callers without a token (on AWS, the
    template's GatewayResponses do), so such requests prove nothing here.
    """
    document = closed(Api(api.url, "").get("/openapi.json"))
    del document["security"], document["components"]["securitySchemes"]
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    return file


def _config(api: Api, known: dict[str, str]) -> str:
    """Schemathesis' settings: the token, and existing ids."""
    lines = [
        f"headers = {{ Authorization = {json.dumps(f'Bearer {api.token}')} }}",
        "request-timeout = 60.0",
        "[parameters]",
        *(f'"path.{name}" = {json.dumps(known[name])}' for name in ("groupId", "runId")),
    ]
    for kind in ("classes", "users", "partners"):
        lines += [
            "[[operations]]",
            f'include-path-regex = "/{kind}/\\\\{{id\\\\}}"',
            f'parameters = {{ "path.id" = {json.dumps(known[kind])} }}',
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Check the stack of `make up`."""
    parser = argparse.ArgumentParser(
        description="Check the local stack against its OpenAPI document."
    )
    parser.add_argument("--examples", type=whole(1), default=EXAMPLES)
    examples = parser.parse_args().examples
    with step("Making requests (takes some minutes)"):
        good, report = hold_to_contract(running_stack(), examples)
    sys.stdout.write(report)
    return 0 if good else 1


if __name__ == "__main__":
    run_command(main)
