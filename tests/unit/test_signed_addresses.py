"""Every address that S3 is to answer names the region, wherever the stack stands."""

import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from shared.adapters.data_bucket.client import make_s3_client
from shared.domain.group.hold import Hold
from shared.domain.ids import GroupId
from shared.domain.object_keys import export_key
from shared.domain.run.run import Snapshot
from tests.fakes.addresses import hosts_of
from tests.fakes.api import Answer
from tests.template.processed import ROOT
from tests.unit.http_stack import HttpStack, http_stack

REGIONS = ["us-east-1", "eu-central-1", "ap-east-1", "me-central-1", "us-gov-west-1", "cn-north-1"]
"""The oldest; one from before March 20, 2019; two from after; two other partitions."""


@pytest.fixture(params=REGIONS)
def there(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpStack]:
    with http_stack(monkeypatch, region=request.param) as made:
        yield made


def _addresses(stack: HttpStack) -> Iterator[tuple[str, Answer]]:
    """Ask each route that gives an address for one."""
    group_id = stack.create(syncType="ZIP", connection=None)["groupId"]
    image = {"contentType": "image/png"}
    yield "cover", stack.groups(f"POST /groups/{group_id}/cover-image", image)
    yield "upload", stack.syncs(f"POST /groups/{group_id}/uploads")

    group_id = stack.create(name="Two", clientGroupId="TWO", clientPartnerId="two")["groupId"]
    stack.syncs(f"POST /groups/{group_id}/syncs")
    hold = Hold(digest="d", records=1, seq=1, list_key="holds/l.csv", summary_key="holds/s.json")
    base = Snapshot(seq=1, shape_version=1, settings="", objects={})
    stack.set_on_group(
        group_id, hold={"S": hold.model_dump_json()}, base={"S": base.model_dump_json()}
    )
    s3 = boto3.client("s3")
    for place in ("errors", "changes", "held"):
        s3.put_object(Bucket="data", Key=f"reports/{group_id}/1/{place}.csv", Body=b"")
        yield place, stack.syncs(f"GET /groups/{group_id}/syncs/1/{place}")
    s3.put_object(Bucket="data", Key="holds/l.csv", Body=b"")
    yield "hold", stack.syncs(f"GET /groups/{group_id}/hold/records")
    assert stack.syncs(f"GET /groups/{group_id}/export").status == 202
    s3.put_object(Bucket="data", Key=export_key(GroupId(group_id), 1), Body=b"")
    yield "export", stack.syncs(f"GET /groups/{group_id}/export")


def test_each_kind_of_address_names_the_region(there: HttpStack) -> None:
    kinds = []
    for kind, answer in _addresses(there):
        # Which host, the stack holds every answer to; here only that there is one.
        assert len(list(hosts_of(answer))) == 1, kind
        kinds.append(kind)
    assert kinds == ["cover", "upload", "errors", "changes", "held", "hold", "export"]


@pytest.mark.parametrize("region", REGIONS)
def test_requests_go_to_the_region_too(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    assert re.match(rf"https://s3\.{region}\.amazonaws\.com", make_s3_client().meta.endpoint_url)


def test_an_endpoint_of_ones_own_keeps_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    params: Any = {"Bucket": "data", "Key": "covers/g"}
    client = make_s3_client()
    assert client.generate_presigned_url("get_object", params).startswith(
        "http://127.0.0.1:4566/data/covers/g?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    )
    assert client.generate_presigned_post("data", "k")["url"] == "http://127.0.0.1:4566/data"


def test_the_functions_have_no_other_client_of_s3() -> None:
    made = {
        str(path.relative_to(ROOT))
        for folder in ("functions", "shared")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"""(client|resource)\(\s*["']s3["']""", path.read_text())
    }
    assert made == {"shared/adapters/data_bucket/client.py"}
