"""Runs the sample district's server alone: ``python -m local.sample_district``."""

import argparse
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from local.arguments import port, whole
from local.district import SampleDistrict
from local.emulator import is_free
from local.entry import CommandError, run_command
from local.sample_district.roster import generate
from local.sample_district.school_year import year_under_way
from local.sample_district.server import PATHS, DistrictServer


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=port, default=8000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--pupils", type=whole(1), default=4600)
    parser.add_argument(
        "--version",
        choices=sorted(PATHS.values()),
        default="1.1",
        help="the version in the printed example",
    )
    parser.add_argument(
        "--note-in", type=Path, help="a folder in which to store its address and key"
    )
    given = parser.parse_args()
    if not is_free(given.port):
        message = f"Port {given.port} is taken by another program; choose another one with --port."
        raise CommandError(message)
    year = year_under_way(datetime.now(UTC).date())
    with DistrictServer(generate(given.seed, given.pupils, year), port=given.port) as server:
        key, secret = server.credentials.key, server.credentials.secret
        if given.note_in:
            SampleDistrict(
                pid=os.getpid(),
                port=given.port,
                url=server.url,
                consumer_key=key,
                secret_key=secret,
                client_partner_id=server.district.client_partner_id,
            ).write(given.note_in)
        print(f"Sample district at {server.url}")
        for path, version in PATHS.items():
            print(f"  OneRoster {version}  {server.url}{path}")
        print(f"  token         {server.url}/token")
        print(f"  key, secret   {key}, {secret}")
        print(f"  partner id    {server.district.client_partner_id}")
        base = server.url + next(path for path, v in PATHS.items() if v == given.version)
        print("Try it:")
        print(f"  curl -u {key}:{secret} -d grant_type=client_credentials {server.url}/token")
        print(f"  curl -H 'Authorization: Bearer <access_token>' '{base}/users?limit=2'")
        print("Press Ctrl-C to stop it.", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    run_command(main)
