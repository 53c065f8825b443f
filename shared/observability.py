"""The logger of a function: structured lines, run and group bound once a message."""

import logging

from aws_lambda_powertools import Logger

from shared.domain.ids import RunKey

_LOUD = ("boto3", "botocore", "urllib3", "requests", "requests_oauthlib", "oauthlib", "s3transfer")


def make_logger() -> Logger:
    """Make the function's logger; libraries keep quiet (they would log addresses and headers)."""
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    return Logger()


def bind_run(logger: Logger, key: RunKey) -> None:
    """Bind the run that a message is about to all lines that follow."""
    logger.append_keys(enterprise=key.enterprise, group_id=key.group_id, run_id=key.run_id)
