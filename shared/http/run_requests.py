"""Reads what a request asks of runs."""

import re

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from shared.http.requests import page_of

_IN_RUNS = re.compile(r"[0-9]{1,64}")


def page_of_runs(app: APIGatewayRestResolver) -> tuple[int, int | None]:
    """Read how long a page of runs is, and below which number it begins (None: at the newest)."""
    limit, before = page_of(app, _IN_RUNS)
    return limit, None if before is None else int(before)
