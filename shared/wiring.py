"""Makes what functions put into their ports: the one place that knows which adapter serves which.

Each function here imports its adapter itself, so that a Lambda function loads only what it uses.
The clients of AWS are made when they are first needed, one of each kind.

What speaks to schools' systems and to webhooks is not made here: one function uses each.
"""

import uuid
from functools import cache, partial
from typing import TYPE_CHECKING

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from shared import clock
from shared.settings import (
    ClaimTimes,
    ControlTable,
    DataBucket,
    EventBus,
    RosterTable,
    RunStage,
    RunTimes,
    SourceQueues,
    Topics,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from shared.domain.sign_in import FindProvider
    from shared.http.once import GivenAnswers
    from shared.ports.bucket import CoverImages, Objects, SignedAddresses, Uploads
    from shared.ports.deletion import Certificates, Deletions, GroupSweeper
    from shared.ports.groups import (
        Accesses,
        Customers,
        DueGroups,
        Groups,
        RecordExceptions,
        Secrets,
    )
    from shared.ports.messaging import (
        Announcements,
        ExtractQueues,
        Mailing,
        Queue,
        QueueWatch,
    )
    from shared.ports.roster import Roster, RosterHoldings
    from shared.ports.roster_reading import Contents, RosterReader, RosterStates
    from shared.ports.runs import Batches, Drops, ExportRequests, Legs, RunLog, Runs
    from shared.ports.sources import ConnectionTests
    from shared.sync.run_ports import RunPorts

CONNECTIONS = 16
"""How many calls a function may make to one service at once; ``start_auto_syncs`` makes so many."""
_CONFIG = Config(max_pool_connections=CONNECTIONS)


def new_id() -> str:
    """Make an id that nothing else has: 32 hexadecimal digits."""
    return uuid.uuid4().hex


# Clients


@cache
def _dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def _s3() -> "S3Client":
    from shared.adapters.data_bucket.client import make_s3_client

    return make_s3_client()


@cache
def _sqs() -> "SQSClient":
    return boto3.client("sqs", config=_CONFIG)


@cache
def _sns() -> "SNSClient":
    return boto3.client("sns", config=_CONFIG)


@cache
def _kms() -> "KMSClient":
    return boto3.client("kms", config=_CONFIG)


def forget_clients() -> None:
    """Make new clients from now on, for an environment that has changed: tests do this."""
    for client in (_dynamodb, _s3, _sqs, _sns, _kms):
        client.cache_clear()


# Groups and customers


def groups(settings: ControlTable) -> "Groups":
    """The groups of enterprises."""
    from shared.adapters.control_table.groups import DynamoGroups

    return DynamoGroups(_dynamodb(), settings.control_table)


def due_groups(settings: ControlTable) -> "DueGroups":
    """The Auto groups whose time has come."""
    from shared.adapters.control_table.due_groups import DynamoDueGroups

    return DynamoDueGroups(_dynamodb(), settings.control_table)


def customers(settings: ControlTable) -> "Customers":
    """The customers of enterprises."""
    from shared.adapters.control_table.customers import DynamoCustomers

    return DynamoCustomers(_dynamodb(), settings.control_table)


def accesses(settings: ControlTable) -> "Accesses":
    """Who has read about the people of a group."""
    from shared.adapters.control_table.accesses import DynamoAccesses

    return DynamoAccesses(_dynamodb(), settings.control_table, new_id)


def record_exceptions(settings: ControlTable) -> "RecordExceptions":
    """What groups keep or leave out, whatever their sources say."""
    from shared.adapters.control_table.record_exceptions import DynamoRecordExceptions

    return DynamoRecordExceptions(_dynamodb(), settings.control_table)


def connection_tests(settings: ControlTable) -> "ConnectionTests":
    """The tests of groups' connections, and what they found."""
    from shared.adapters.control_table.connection_tests import DynamoConnectionTests

    return DynamoConnectionTests(_dynamodb(), settings.control_table)


def secrets(key_id: str = "") -> "Secrets":
    """Encrypts a group's secrets with a key, and decrypts them; who only decrypts names no key."""
    from shared.adapters.kms_secrets import KmsSecrets

    return KmsSecrets(_kms(), key_id)


def find_provider(settings: ControlTable) -> "FindProvider":
    """Finds an identity provider that the operator trusts."""
    from shared.adapters.control_table.providers import DynamoProviders

    return DynamoProviders(_dynamodb(), settings.control_table).find


def given_answers(settings: ControlTable) -> "GivenAnswers":
    """The answers to requests that may be repeated."""
    from shared.adapters.control_table.given_answers import given_answers

    return partial(given_answers, _dynamodb(), settings.control_table)


# Deletion of groups


def deletions(settings: RunTimes) -> "Deletions":
    """The runs that delete groups."""
    from shared.adapters.control_table.deletions import DynamoDeletions

    return DynamoDeletions(_dynamodb(), settings.control_table, resend_after=settings.resend_after)


def certificates(settings: ControlTable) -> "Certificates":
    """What is left of groups that were deleted."""
    from shared.adapters.control_table.certificates import DynamoCertificates

    return DynamoCertificates(_dynamodb(), settings.control_table)


def roster_sweeper(settings: RosterTable) -> "GroupSweeper":
    """What a group has in the table of rosters."""
    from shared.adapters.roster_table.sweep_group import DynamoGroupSweeper

    return DynamoGroupSweeper(_dynamodb(), settings.roster_table)


def object_sweeper(settings: DataBucket) -> "GroupSweeper":
    """What a group has in the bucket."""
    from shared.adapters.data_bucket.sweep_group import S3GroupSweeper

    return S3GroupSweeper(_s3(), settings.data_bucket)


def exception_sweeper(settings: ControlTable) -> "GroupSweeper":
    """The exceptions that a group has."""
    from shared.adapters.control_table.record_exceptions import DynamoRecordExceptions

    return DynamoRecordExceptions(_dynamodb(), settings.control_table)


def topic_sweeper(settings: Topics) -> "GroupSweeper":
    """The topic that a group's mails go through."""
    from shared.adapters.messaging.mailing import SnsMailing

    return SnsMailing(_sns(), settings.group_topic_prefix)


# Runs


def runs_to_read(settings: ControlTable) -> "Runs":
    """The runs of groups, for a function that only reads them."""
    from shared.adapters.control_table.runs import DynamoRuns

    return DynamoRuns(_dynamodb(), settings.control_table)


def runs(settings: RunTimes) -> "Runs":
    """The runs of groups."""
    from shared.adapters.control_table.runs import DynamoRuns

    return DynamoRuns(_dynamodb(), settings.control_table, resend_after=settings.resend_after)


def legs(settings: ClaimTimes) -> "Legs":
    """The legs of runs, for a function that claims them."""
    from shared.adapters.control_table.runs import DynamoRuns

    return DynamoRuns(
        _dynamodb(),
        settings.control_table,
        lease=settings.lease,
        resend_after=settings.resend_after,
    )


def unclaimed_legs(settings: RunTimes) -> "Legs":
    """The legs of runs, for a function that ends runs or has them go on, but claims none."""
    from shared.adapters.control_table.runs import DynamoRuns

    return DynamoRuns(_dynamodb(), settings.control_table, resend_after=settings.resend_after)


def batches(settings: RunTimes, roster: RosterTable | None = None) -> "Batches":
    """The batches of planned changes, and the base that they start from.

    ``roster`` is for the function that plans: it stamps a group's roster when it opens batches.
    """
    from shared.adapters.control_table.batches import DynamoBatches

    return DynamoBatches(
        _dynamodb(),
        settings.control_table,
        quiet=settings.resend_after,
        roster=roster.roster_table if roster else None,
    )


def batches_to_read(settings: ControlTable) -> "Batches":
    """The batches of planned changes, for a function that only reads the base of a roster."""
    from shared.adapters.control_table.batches import DynamoBatches

    return DynamoBatches(_dynamodb(), settings.control_table)


def drops(settings: RunTimes) -> "Drops":
    """The bundles that were dropped, and wait for the run before them."""
    from shared.adapters.control_table.drops import DynamoDrops

    return DynamoDrops(_dynamodb(), settings.control_table, look_again=settings.resend_after)


def queue_watch(settings: ControlTable) -> "QueueWatch":
    """When each queue was last seen empty."""
    from shared.adapters.control_table.queue_watch import DynamoQueueWatch

    return DynamoQueueWatch(_dynamodb(), settings.control_table)


def export_requests(settings: ControlTable) -> "ExportRequests":
    """Which exports have been asked for."""
    from shared.adapters.control_table.export_requests import DynamoExportRequests

    return DynamoExportRequests(_dynamodb(), settings.control_table)


def run_ports(settings: RunStage, legs: "Legs", logger: Logger) -> "RunPorts":
    """What every stage of a run needs, with what claims its legs or ends them."""
    from shared.sync.run_ports import RunPorts

    return RunPorts(
        runs=runs(settings),
        legs=legs,
        objects=objects(settings),
        announcements=announcements(settings),
        run_log=run_log(logger),
        clock=clock.now,
    )


def run_log(logger: Logger) -> "RunLog":
    """The log and the metrics of runs that end."""
    from shared.adapters.run_log import PowertoolsRunLog

    return PowertoolsRunLog(logger)


# Rosters


def roster(settings: RosterTable) -> "Roster":
    """The records of rosters, to be changed."""
    from shared.adapters.roster_table.roster import DynamoRoster

    return DynamoRoster(_dynamodb(), settings.roster_table)


def roster_holdings(settings: RosterTable) -> "RosterHoldings":
    """What the table of rosters holds, to be compared with what it should hold."""
    from shared.adapters.roster_table.holdings import DynamoRosterHoldings

    return DynamoRosterHoldings(_dynamodb(), settings.roster_table, clock.wait)


def roster_reader(settings: RosterTable) -> "RosterReader":
    """The records of rosters, to be read."""
    from shared.adapters.roster_table.reader import DynamoRosterReader

    return DynamoRosterReader(_dynamodb(), settings.roster_table, clock.wait)


def roster_states(settings: ControlTable) -> "RosterStates":
    """Which run has committed a group's roster, and which one may be changing it."""
    from shared.adapters.control_table.roster_states import DynamoRosterStates

    return DynamoRosterStates(_dynamodb(), settings.control_table)


def contents(settings: RosterTable) -> "Contents":
    """The content that classes and users have."""
    from shared.adapters.roster_table.contents import DynamoContents

    return DynamoContents(_dynamodb(), settings.roster_table)


# The bucket


def objects(settings: DataBucket) -> "Objects":
    """The objects of the bucket."""
    from shared.adapters.data_bucket.objects import S3Objects

    return S3Objects(_s3(), settings.data_bucket)


def uploads(settings: DataBucket) -> "Uploads":
    """Uploads into the bucket, in parts."""
    from shared.adapters.data_bucket.multipart_uploads import S3Uploads

    return S3Uploads(_s3(), settings.data_bucket)


def signed_addresses(settings: DataBucket) -> "SignedAddresses":
    """Addresses by which people fetch reports and upload bundles."""
    from shared.adapters.data_bucket.signed_addresses import S3SignedAddresses

    return S3SignedAddresses(_s3(), settings.data_bucket)


def cover_images(settings: DataBucket) -> "CoverImages":
    """The cover images of groups."""
    from shared.adapters.data_bucket.cover_images import S3CoverImages

    return S3CoverImages(_s3(), settings.data_bucket)


# Messages


def queue(url: str) -> "Queue":
    """The queue at an address."""
    from shared.adapters.messaging.queue import SqsQueue

    return SqsQueue(_sqs(), url)


def source_queues(settings: SourceQueues) -> "ExtractQueues":
    """The queues of the functions that pull rosters from schools' systems, by sync type."""
    from shared.domain.group.choices import SyncType

    return {
        SyncType.API: queue(settings.extract_api_queue_url),
        SyncType.SFTP: queue(settings.extract_sftp_queue_url),
    }


def announcements(settings: EventBus) -> "Announcements":
    """The event bus."""
    from shared.adapters.messaging.event_bus import EventBridgeAnnouncements

    return EventBridgeAnnouncements(boto3.client("events", config=_CONFIG), settings.event_bus_name)


def mailing(settings: Topics) -> "Mailing":
    """E-mail to the addresses of groups."""
    from shared.adapters.messaging.mailing import SnsMailing

    return SnsMailing(_sns(), settings.group_topic_prefix)
