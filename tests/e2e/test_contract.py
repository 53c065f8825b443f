"""The deployed API against its own OpenAPI document; `make contract` does it at length."""

from local.contract import hold_to_contract
from local.stack import Stack


def test_no_answer_is_outside_the_document(stack: Stack) -> None:
    good, report = hold_to_contract(stack, examples=2)
    assert good, report[-8000:]
