"""create_group: groups and customers over HTTP."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from shared import clock, settings
from shared.adapters.control_table.certificates import DynamoCertificates
from shared.adapters.control_table.customers import DynamoCustomers
from shared.adapters.control_table.deletions import DynamoDeletions
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.data_bucket.client import make_s3_client
from shared.adapters.data_bucket.cover_images import S3CoverImages
from shared.adapters.kms_secrets import KmsSecrets
from shared.adapters.messaging.extract_queues import extract_queues
from shared.adapters.messaging.mailing import SnsMailing
from shared.adapters.messaging.queue import SqsQueue
from shared.domain.group.choices import EmailStatus, SyncType
from shared.domain.group.group import Group
from shared.domain.ids import CustomerId, GroupId
from shared.domain.read_fields import read_fields
from shared.domain.run.request_bodies import CoverImageInput
from shared.groups.covers import CoverPorts, ask_for_cover, remove_cover, settle_cover
from shared.groups.delete_group import RequestDeletionPorts, request_deletion
from shared.groups.groups import (
    GroupPorts,
    change_customer,
    change_group,
    create_customer,
    create_group,
    read_customer,
)
from shared.http.answers import answer, answer_text, show_cursor
from shared.http.certificate_answers import show_certificate
from shared.http.contract.certificates import CertificatePage
from shared.http.contract.groups import CustomerPage, GroupAnswer, GroupPage, UploadForm
from shared.http.group_answers import show_customer, show_group
from shared.http.identity import caller_of
from shared.http.once import Outcome, once
from shared.http.problems import install
from shared.http.requests import json_body, page_of, version_of
from shared.http.run_acceptance import show_deletion
from shared.observability import log_failure, make_logger
from shared.ports.deletion import Certificates
from shared.ports.messaging import Mailing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

logger = make_logger()
app = APIGatewayRestResolver()
install(app)


@dataclass(frozen=True)
class Runtime:
    """What the routes use."""

    ports: GroupPorts
    certificates: Certificates
    deletion: RequestDeletionPorts
    mailing: Mailing
    covers: CoverPorts
    dynamodb: "DynamoDBClient"
    table: str


@cache
def build() -> Runtime:
    """Build the adapters, once a container, at the first request."""
    dynamodb = boto3.client("dynamodb")
    table = settings.required("CONTROL_TABLE")
    sqs = boto3.client("sqs")
    resend_after = timedelta(seconds=settings.number("RESEND_SECONDS"))
    ports = GroupPorts(
        groups=DynamoGroups(dynamodb, table),
        customers=DynamoCustomers(dynamodb, table),
        secrets=KmsSecrets(boto3.client("kms"), settings.required("SECRETS_KEY_ID")),
        runs=DynamoRuns(dynamodb, table, resend_after=resend_after),
        extract_queues=extract_queues(
            sqs,
            {
                SyncType.API: settings.required("EXTRACT_API_QUEUE_URL"),
                SyncType.SFTP: settings.required("EXTRACT_SFTP_QUEUE_URL"),
            },
        ),
        notice_queue=SqsQueue(sqs, settings.required("NOTICE_QUEUE_URL")),
        clock=clock.now,
        new_id=lambda: uuid.uuid4().hex,
        allow_insecure=settings.flag("ALLOW_INSECURE_SOURCES"),
    )
    images = S3CoverImages(make_s3_client(), settings.required("DATA_BUCKET"))
    covers = CoverPorts(ports.groups, images)
    mailing = SnsMailing(boto3.client("sns"), settings.required("GROUP_TOPIC_PREFIX"))
    deletion = RequestDeletionPorts(
        ports.groups,
        ports.runs,
        DynamoDeletions(dynamodb, table, resend_after=resend_after),
        (mailing,),
        SqsQueue(sqs, settings.required("DELETE_QUEUE_URL")),
        settings.number("BACKUP_DAYS"),
    )
    certificates = DynamoCertificates(dynamodb, table)
    return Runtime(ports, certificates, deletion, mailing, covers, dynamodb, table)


@app.post("/groups")
def post_group() -> Response[str]:
    """Create a group; an Auto group's first sync starts with it."""
    caller, body, runtime = caller_of(app.current_event.raw_event), json_body(app), build()

    def act() -> Outcome:
        group, run = create_group(caller.enterprise, body, caller.person, runtime.ports)
        return 201, show_group(group, runtime.covers.images.address(group.cover), started=run)

    return once(app, caller, runtime.dynamodb, runtime.table, act)


@app.get("/groups")
def get_groups() -> Response[str]:
    """List the enterprise's groups."""
    caller = caller_of(app.current_event.raw_event)
    limit, after = page_of(app)
    groups = build().ports.groups
    page, more = groups.list(caller.enterprise, limit, GroupId(after) if after else None)
    shown = [_shown(group) for group in page]
    return answer(200, GroupPage(groups=shown, cursor=show_cursor(more)))


@app.get("/groups/<group_id>")
def get_group(group_id: str) -> Response[str]:
    """Read one group."""
    caller = caller_of(app.current_event.raw_event)
    runtime = build()
    group = runtime.ports.groups.get(caller.enterprise, GroupId(group_id), deleting=True)
    return answer(200, _shown(group, _email_status(group, runtime.mailing)))


def _shown(group: Group, email_status: EmailStatus | None = None) -> GroupAnswer:
    """A group with its cover image, once it has been seen whether that has come."""
    covers = build().covers
    group = settle_cover(group, covers, clock.now())
    return show_group(group, covers.images.address(group.cover), email_status=email_status)


def _email_status(group: Group, mailing: Mailing) -> EmailStatus | None:
    """Whether the group's address takes mails; None where the mail service does not say."""
    try:
        return mailing.status(group.group_id, group.email)
    except (BotoCoreError, ClientError) as error:
        log_failure(logger, "email status unknown", error, group_id=group.group_id)
        return None


@app.patch("/groups/<group_id>")
def patch_group(group_id: str) -> Response[str]:
    """Change a group; ``version`` or ``If-Match``, if given, must be the present one."""
    caller, body = caller_of(app.current_event.raw_event), json_body(app)
    version = version_of(app, body)
    group = change_group(caller.enterprise, GroupId(group_id), body, version, build().ports)
    return answer(200, _shown(group))


@app.delete("/groups/<group_id>")
def remove_group(group_id: str) -> Response[str]:
    """Delete a group; ``?name=`` confirms its name."""
    caller = caller_of(app.current_event.raw_event)
    name = (app.current_event.query_string_parameters or {}).get("name") or ""
    run = request_deletion(
        caller.enterprise, GroupId(group_id), name, caller.person, build().deletion, clock.now()
    )
    return answer(202, show_deletion(run)) if run else answer(204, None)


@app.get("/groups/<group_id>/certificate")
def get_certificate(group_id: str) -> Response[str]:
    """Tell what the deletion of a group has done."""
    caller = caller_of(app.current_event.raw_event)
    found = build().certificates.get(caller.enterprise, GroupId(group_id), clock.now())
    return answer(200, show_certificate(found))


@app.get("/certificates")
def get_certificates() -> Response[str]:
    """List what is left of the enterprise's groups that were deleted."""
    caller = caller_of(app.current_event.raw_event)
    limit, after = page_of(app)
    start = GroupId(after) if after else None
    page, more = build().certificates.list(caller.enterprise, limit, start, clock.now())
    shown = [show_certificate(certificate) for certificate in page]
    return answer(200, CertificatePage(certificates=shown, cursor=show_cursor(more)))


@app.post("/groups/<group_id>/cover-image")
def post_cover_image(group_id: str) -> Response[str]:
    """Give an address to upload a cover image to."""
    caller, body = caller_of(app.current_event.raw_event), json_body(app)
    given = read_fields(CoverImageInput, body)
    covers, new_id = build().covers, uuid.uuid4().hex
    form = ask_for_cover(
        caller.enterprise, GroupId(group_id), given.content_type, new_id, covers, clock.now()
    )
    return answer(200, UploadForm.model_validate(form))


@app.delete("/groups/<group_id>/cover-image")
def delete_cover_image(group_id: str) -> Response[str]:
    """Take the cover image away: the group shows the default again."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    remove_cover(caller.enterprise, GroupId(group_id), runtime.covers)
    return answer(200, _shown(runtime.ports.groups.get(caller.enterprise, GroupId(group_id))))


@app.delete("/groups/<group_id>/roster")
def mark_roster(group_id: str) -> Response[str]:
    """Mark the group's roster for deletion; the next update plans it, and it is held."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    runtime.ports.groups.mark(caller.enterprise, GroupId(group_id), clock.now())
    return answer(200, _shown(runtime.ports.groups.get(caller.enterprise, GroupId(group_id))))


@app.delete("/groups/<group_id>/roster/mark")
def unmark_roster(group_id: str) -> Response[str]:
    """Take the mark back: the roster stays, and syncs as before."""
    caller, runtime = caller_of(app.current_event.raw_event), build()
    runtime.ports.groups.unmark(caller.enterprise, GroupId(group_id))
    return answer(200, _shown(runtime.ports.groups.get(caller.enterprise, GroupId(group_id))))


@app.get("/openapi.json")
def get_document() -> Response[str]:
    """Give the OpenAPI document; it wants no sign-in."""
    # Not for every container: it brings along the models of every route.
    from shared.http.contract.document import document_text

    return answer_text(200, document_text())


@app.post("/customers")
def post_customer() -> Response[str]:
    """Create a customer."""
    caller, body = caller_of(app.current_event.raw_event), json_body(app)
    return answer(201, show_customer(create_customer(caller.enterprise, body, build().ports)))


@app.get("/customers")
def get_customers() -> Response[str]:
    """List the enterprise's customers, each with the group that it is in."""
    caller = caller_of(app.current_event.raw_event)
    limit, after = page_of(app)
    customers = build().ports.customers
    page, more = customers.list(caller.enterprise, limit, CustomerId(after) if after else None)
    shown = [show_customer(customer) for customer in page]
    return answer(200, CustomerPage(customers=shown, cursor=show_cursor(more)))


@app.get("/customers/<customer_id>")
def get_customer(customer_id: str) -> Response[str]:
    """Read one customer."""
    caller = caller_of(app.current_event.raw_event)
    customers = build().ports.customers
    return answer(
        200, show_customer(read_customer(caller.enterprise, CustomerId(customer_id), customers))
    )


@app.patch("/customers/<customer_id>")
def patch_customer(customer_id: str) -> Response[str]:
    """Give a customer another name, or another org while no group has it."""
    caller, body = caller_of(app.current_event.raw_event), json_body(app)
    customers = build().ports.customers
    changed = change_customer(caller.enterprise, CustomerId(customer_id), body, customers)
    return answer(200, show_customer(changed))


@app.delete("/customers/<customer_id>")
def delete_customer(customer_id: str) -> Response[str]:
    """Delete a customer that no group has."""
    caller = caller_of(app.current_event.raw_event)
    build().ports.customers.delete(caller.enterprise, CustomerId(customer_id))
    return answer(204, None)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the API."""
    return app.resolve(event, context)
