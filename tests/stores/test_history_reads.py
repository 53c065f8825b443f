"""A page of history costs one read, however long the history is."""

from typing import Any

from shared.adapters.control_table.attributes import RunItem
from shared.adapters.control_table.keys import run_key
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.dynamodb.values import marshal
from tests.fakes.aws_clients import heard
from tests.fakes.control_table import NAME
from tests.fakes.simulation import GROUP
from tests.stores.control_stores import control_of

RUNS = 10_000
PAGE = 100


def test_a_page_of_ten_thousand_runs_is_one_read() -> None:
    with control_of("dynamo") as control:
        client: Any = control.client
        key = control.accept().key
        item = client.get_item(TableName=NAME, Key=marshal(run_key(key)))["Item"]
        for start in range(1, RUNS + 1, 25):
            numbers = range(start, start + 25)
            changes = [{**run_key(key._replace(seq=n)), RunItem.SEQ: n} for n in numbers]
            items = [item | marshal(each) for each in changes]
            puts = [{"PutRequest": {"Item": each}} for each in items]
            client.batch_write_item(RequestItems={NAME: puts})
        runs = DynamoRuns(client, NAME)
        with heard(client, "dynamodb") as calls:
            newest = runs.history(GROUP, PAGE, None)
            middle = runs.history(GROUP, PAGE, 5_000)
        assert calls == ["Query", "Query"]
        assert [run.seq for run in newest] == list(range(RUNS, RUNS - PAGE, -1))
        assert [run.seq for run in middle] == list(range(4_999, 4_999 - PAGE, -1))
