"""Holds the signed addresses of an answer to what S3 serves in a region for good."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.fakes.api import Answer

SUFFIX = {"cn": "amazonaws.com.cn"}
"""By a partition's first letters; "Amazon S3 endpoints and quotas" (AWS General Reference)."""


def held_to_region(region: str, answer: Answer) -> Answer:
    """Give the answer back, once all addresses of AWS in it have been seen to name the region.

    ``bucket.s3.amazonaws.com`` is refused for ever in regions opened after March 20, 2019, and
    redirected elsewhere while a bucket is new ("Request routing", Amazon S3 User Guide).
    """
    suffix = SUFFIX.get(region.partition("-")[0], "amazonaws.com")
    for host in hosts_of(answer):
        assert host == f"data.s3.{region}.{suffix}", host
    return answer


def hosts_of(answer: Answer) -> Iterator[str]:
    """The hosts of AWS that an answer leads to, in its body or its header."""
    said = [answer.text, *answer.headers.get("Location", ())]
    for address in re.findall(r'https?://[^"\s\\]+', "\n".join(said)):
        host = urlsplit(address).hostname or ""
        if "amazonaws" in host:
            yield host
