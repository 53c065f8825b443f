"""Sets for which enterprise an identity provider vouches, and which of its users are admins.

    python -m tools.trust_provider TABLE trust NorthIdP --enterprise north
    python -m tools.trust_provider TABLE trust NorthIdP --enterprise north --admins everyone
    python -m tools.trust_provider TABLE show NorthIdP
    python -m tools.trust_provider TABLE distrust NorthIdP

``TABLE`` is the stack's output ControlTableName. A change takes effect with the next token.
"""

import argparse

import boto3
from pydantic import ValidationError

from local.entry import run_command
from shared.adapters.control_table.providers import DynamoProviders
from shared.domain.sign_in import AdminsBy, TrustedProvider


def main() -> int:
    """Trust, show or distrust a provider."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("trust", "show", "distrust"):
        command = commands.add_parser(name)
        command.add_argument("provider")
        if name == "trust":
            command.add_argument("--enterprise", required=True)
            command.add_argument(
                "--admins", choices=[each.value for each in AdminsBy], default="members"
            )
    given = parser.parse_args()
    providers = DynamoProviders(boto3.client("dynamodb"), given.table)
    if given.command == "distrust":
        providers.distrust(given.provider)
    elif given.command == "trust":
        try:
            provider = TrustedProvider(
                name=given.provider,
                enterprise=given.enterprise,
                admins_by=AdminsBy(given.admins),
            )
        except ValidationError as error:
            parser.error("; ".join(each["msg"] for each in error.errors()))
        providers.trust(provider)
    found = providers.find(given.provider)
    print(found.model_dump_json() if found else f"{given.provider} is not trusted.")
    return 0


if __name__ == "__main__":
    run_command(main)
