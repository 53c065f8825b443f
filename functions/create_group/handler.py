"""create_group: groups and customers over HTTP."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.domain.errors import TryLaterError
from shared.domain.group.choices import EmailStatus
from shared.domain.group.cover_request import CoverImageInput
from shared.domain.group.group import Group
from shared.domain.ids import CustomerId, GroupId
from shared.domain.read_fields import read_fields
from shared.groups.change_group import change_group
from shared.groups.covers import CoverPorts, remove_cover, request_cover_upload, settle_cover
from shared.groups.create_group import create_group
from shared.groups.customers import change_customer, create_customer, read_customer
from shared.groups.group_parts import GroupPorts
from shared.groups.request_deletion import RequestDeletionPorts, request_deletion
from shared.http.answers import answer, answer_text, show_cursor
from shared.http.certificate_answers import show_certificate
from shared.http.contract.certificates import CertificatePage
from shared.http.contract.groups import CustomerPage, GroupAnswer, GroupPage, UploadForm
from shared.http.group_answers import show_customer, show_group
from shared.http.once import GivenAnswers, Outcome, once
from shared.http.problems import install
from shared.http.requests import caller, json_body, page_of, version_of
from shared.http.run_acceptance import show_deletion
from shared.observability import log_failure, make_logger
from shared.ports.deletion import Certificates
from shared.ports.messaging import Mailing
from shared.settings import Backups, DataBucket, InsecureSources, RunTimes, SourceQueues, Topics

logger = make_logger()
app = APIGatewayRestResolver()
install(app)


class Settings(RunTimes, DataBucket, SourceQueues, Topics, InsecureSources, Backups):
    """What this function reads from its environment."""

    secrets_key_id: str
    notice_queue_url: str
    delete_queue_url: str


@dataclass(frozen=True)
class Runtime:
    """What the routes use."""

    ports: GroupPorts
    certificates: Certificates
    deletion: RequestDeletionPorts
    mailing: Mailing
    covers: CoverPorts
    given_answers: GivenAnswers


@cache
def build() -> Runtime:
    """Build the ports, once a container, at the first request."""
    settings = Settings.read()
    ports = GroupPorts(
        groups=wiring.groups(settings),
        customers=wiring.customers(settings),
        secrets=wiring.secrets(settings.secrets_key_id),
        runs=wiring.runs(settings),
        extract_queues=wiring.source_queues(settings),
        notice_queue=wiring.queue(settings.notice_queue_url),
        clock=clock.now,
        new_id=wiring.new_id,
        allow_insecure=settings.allow_insecure_sources,
    )
    deletion = RequestDeletionPorts(
        groups=ports.groups,
        runs=ports.runs,
        deletions=wiring.deletions(settings),
        sweepers=(wiring.topic_sweeper(settings), wiring.exception_sweeper(settings)),
        delete_queue=wiring.queue(settings.delete_queue_url),
        backup_days=settings.backup_days,
    )
    return Runtime(
        ports=ports,
        certificates=wiring.certificates(settings),
        deletion=deletion,
        mailing=wiring.mailing(settings),
        covers=CoverPorts(ports.groups, wiring.cover_images(settings)),
        given_answers=wiring.given_answers(settings),
    )


@app.post("/groups")
def post_group() -> Response[str]:
    """Create a group; an Auto group's first sync starts with it."""
    who, body, runtime = caller(app), json_body(app), build()

    def act() -> Outcome:
        group, run = create_group(who.enterprise, body, who.person, runtime.ports)
        return 201, show_group(group, runtime.covers.images.address(group.cover), started=run)

    return once(app, who, runtime.given_answers, act)


@app.get("/groups")
def get_groups() -> Response[str]:
    """List the enterprise's groups."""
    enterprise, (limit, after) = caller(app).enterprise, page_of(app)
    start = GroupId(after) if after else None
    page, more = build().ports.groups.list(enterprise, limit, start)
    shown = [_show(group) for group in page]
    return answer(200, GroupPage(groups=shown, cursor=show_cursor(more)))


@app.get("/groups/<group_id>")
def get_group(group_id: str) -> Response[str]:
    """Read one group, also while it is being deleted."""
    groups = build().ports.groups
    group = groups.get(caller(app).enterprise, GroupId(group_id), deleting=True)
    return answer(200, _show(group, _email_status(group)))


@app.patch("/groups/<group_id>")
def patch_group(group_id: str) -> Response[str]:
    """Change a group; ``version`` or ``If-Match``, if given, must be the present one."""
    enterprise, body = caller(app).enterprise, json_body(app)
    version = version_of(app, body)
    group = change_group(enterprise, GroupId(group_id), body, version, build().ports)
    return answer(200, _show(group))


@app.delete("/groups/<group_id>")
def remove_group(group_id: str) -> Response[str]:
    """Delete a group; ``?name=`` confirms its name."""
    who, ports = caller(app), build().deletion
    name = (app.current_event.query_string_parameters or {}).get("name") or ""
    run = request_deletion(who.enterprise, GroupId(group_id), name, who.person, ports, clock.now())
    return answer(202, show_deletion(run)) if run else answer(204, None)


@app.get("/groups/<group_id>/certificate")
def get_certificate(group_id: str) -> Response[str]:
    """Tell what the deletion of a group has done."""
    enterprise = caller(app).enterprise
    found = build().certificates.get(enterprise, GroupId(group_id), clock.now())
    return answer(200, show_certificate(found))


@app.get("/certificates")
def get_certificates() -> Response[str]:
    """List what is left of the enterprise's groups that were deleted."""
    enterprise, (limit, after) = caller(app).enterprise, page_of(app)
    start = GroupId(after) if after else None
    page, more = build().certificates.list(enterprise, limit, start, clock.now())
    shown = [show_certificate(certificate) for certificate in page]
    return answer(200, CertificatePage(certificates=shown, cursor=show_cursor(more)))


@app.post("/groups/<group_id>/cover-image")
def post_cover_image(group_id: str) -> Response[str]:
    """Give an address to upload a cover image to."""
    enterprise, given = caller(app).enterprise, read_fields(CoverImageInput, json_body(app))
    covers, image_id = build().covers, wiring.new_id()
    form = request_cover_upload(
        enterprise, GroupId(group_id), given.content_type, image_id, covers, clock.now()
    )
    return answer(200, UploadForm.model_validate(form))


@app.delete("/groups/<group_id>/cover-image")
def delete_cover_image(group_id: str) -> Response[str]:
    """Take the cover image away: the group shows the default again."""
    remove_cover(caller(app).enterprise, GroupId(group_id), build().covers)
    return _changed_group(group_id)


@app.delete("/groups/<group_id>/roster")
def mark_roster(group_id: str) -> Response[str]:
    """Mark the group's roster for deletion. The next update plans that, and it is held."""
    build().ports.groups.mark(caller(app).enterprise, GroupId(group_id), clock.now())
    return _changed_group(group_id)


@app.delete("/groups/<group_id>/roster/mark")
def unmark_roster(group_id: str) -> Response[str]:
    """Take the mark back: the roster stays, and syncs as before."""
    build().ports.groups.unmark(caller(app).enterprise, GroupId(group_id))
    return _changed_group(group_id)


@app.get("/openapi.json")
def get_document() -> Response[str]:
    """Give the OpenAPI document; this needs no sign-in."""
    # Imported here because it loads the models of every route: not every container needs them.
    from shared.http.contract.document import document_text

    return answer_text(200, document_text())


@app.post("/customers")
def post_customer() -> Response[str]:
    """Create a customer."""
    enterprise, body, customers = caller(app).enterprise, json_body(app), build().ports.customers
    created = create_customer(enterprise, body, customers, wiring.new_id(), clock.now())
    return answer(201, show_customer(created))


@app.get("/customers")
def get_customers() -> Response[str]:
    """List the enterprise's customers, each with the group that it is in."""
    enterprise, (limit, after) = caller(app).enterprise, page_of(app)
    start = CustomerId(after) if after else None
    page, more = build().ports.customers.list(enterprise, limit, start)
    shown = [show_customer(customer) for customer in page]
    return answer(200, CustomerPage(customers=shown, cursor=show_cursor(more)))


@app.get("/customers/<customer_id>")
def get_customer(customer_id: str) -> Response[str]:
    """Read one customer."""
    enterprise, customers = caller(app).enterprise, build().ports.customers
    found = read_customer(enterprise, CustomerId(customer_id), customers)
    return answer(200, show_customer(found))


@app.patch("/customers/<customer_id>")
def patch_customer(customer_id: str) -> Response[str]:
    """Give a customer another name, or another org while no group has it."""
    enterprise, body, customers = caller(app).enterprise, json_body(app), build().ports.customers
    changed = change_customer(enterprise, CustomerId(customer_id), body, customers)
    return answer(200, show_customer(changed))


@app.delete("/customers/<customer_id>")
def delete_customer(customer_id: str) -> Response[str]:
    """Delete a customer that no group has."""
    build().ports.customers.delete(caller(app).enterprise, CustomerId(customer_id))
    return answer(204, None)


def _changed_group(group_id: str) -> Response[str]:
    """Answer with a group as it is after a change."""
    group = build().ports.groups.get(caller(app).enterprise, GroupId(group_id))
    return answer(200, _show(group))


def _show(group: Group, email_status: EmailStatus | None = None) -> GroupAnswer:
    """Show a group, with the cover image that has come for it by now."""
    covers = build().covers
    group = settle_cover(group, covers, clock.now())
    return show_group(group, covers.images.address(group.cover), email_status=email_status)


def _email_status(group: Group) -> EmailStatus | None:
    """Whether the group's address takes mails; None if the mail service does not say."""
    try:
        return build().mailing.status(group.group_id, group.email)
    except TryLaterError as error:
        log_failure(logger, "email status unknown", error, group_id=group.group_id)
        return None


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the API."""
    return app.resolve(event, context)
