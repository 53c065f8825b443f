"""Zip groups: added, and synced by uploading bundles."""

from typing import Any

from local.api import Api
from local.upload import upload
from tests.e2e.deployed import eventually
from tests.e2e.roster import RUN_SECONDS

Json = dict[str, Any]


def add_zip_group(api: Api, partner: str, name: str = "Springfield by zip", **fields: Any) -> str:
    """Add a group that is synced by uploading; returns its id."""
    body = {
        "name": name,
        "email": "it@springfield.example",
        "clientGroupId": name.replace(" ", "-"),
        "onboardingType": "OneRoster1.1",
        "syncType": "ZIP",
        "clientPartnerId": partner,
    }
    answer = api.call("POST", "/groups", body | fields)
    assert answer.status == 201, answer
    return str(answer.body["groupId"])


def bring(api: Api, group_id: str, bundle: bytes, **asked: Any) -> str:
    """Upload a bundle; returns the id of the upload."""
    answer = api.call("POST", f"/groups/{group_id}/uploads", {"mode": "sync"} | asked)
    assert answer.status == 201, answer
    upload(answer.body, bundle)
    return str(answer.body["uploadId"])


def run_of(api: Api, group_id: str, upload_id: str) -> str:
    """Wait for the run that an upload starts; returns its id."""

    def look() -> str | None:
        runs = api.get(f"/groups/{group_id}/syncs")["syncs"]
        return next((run["runId"] for run in runs if run["uploadId"] == upload_id), None)

    found = eventually(look)
    assert found is not None
    return found


def sync_zip(api: Api, group_id: str, bundle: bytes, **asked: Any) -> Json:
    """Upload a bundle and wait for the end of its run."""
    run_id = run_of(api, group_id, bring(api, group_id, bundle, **asked))
    return api.follow_run(group_id, run_id, RUN_SECONDS)
