"""Makes every function's S3 client: it speaks to its own region, and signs for it.

By default boto3 signs addresses of the global endpoint (``bucket.s3.amazonaws.com``). Regions that
opened after March 20, 2019 refuse those with 400 ("Request routing", Amazon S3 User Guide). Other
regions redirect them until DNS knows a new bucket, and a redirect ends a browser's upload.
"""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REGIONAL = Config(
    # boto3 would sign addresses by SigV2 in some regions; KMS-encrypted buckets refuse it.
    signature_version="s3v4",
    s3={
        # `bucket.s3.<region>.<suffix of the partition>`, in signed addresses too (botocore,
        # signers.py). An endpoint of one's own with a numeric host keeps the bucket in the path.
        "addressing_style": "virtual",
        # Otherwise requests to us-east-1 alone would go to the global endpoint.
        "us_east_1_regional_endpoint": "regional",
    },
)


def make_s3_client() -> "S3Client":
    """Make a client for the region and the endpoint that the environment names."""
    return boto3.client("s3", config=_REGIONAL)
