"""Makes the S3 client of every function: one that speaks to its own region, and signs for it.

Left to itself, boto3 signs addresses of the global endpoint (``bucket.s3.amazonaws.com``). Regions
that opened after March 20, 2019 refuse those with 400, whoever asks ("Request routing", Amazon S3
User Guide), and elsewhere they are redirected while a bucket's name is on its way through the DNS,
which ends a browser's upload.
"""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REGIONAL = Config(
    # SigV2, which boto3 would take for addresses in some regions, is refused by KMS-encrypted
    # buckets.
    signature_version="s3v4",
    s3={
        # `bucket.s3.<region>.<suffix of the partition>`, in signed addresses too (botocore,
        # signers.py). An endpoint of one's own with a numeric host keeps the bucket in the path.
        "addressing_style": "virtual",
        # us-east-1 is the one region whose requests go to the global endpoint otherwise.
        "us_east_1_regional_endpoint": "regional",
    },
)


def make_s3_client() -> "S3Client":
    """Make a client for the region and the endpoint that the environment names."""
    return boto3.client("s3", config=_REGIONAL)
