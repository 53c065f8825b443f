"""Shows groups and customers as the API answers them."""

from shared.domain.group.change import as_request
from shared.domain.group.choices import EmailStatus
from shared.domain.group.customer import Customer
from shared.domain.group.group import Group
from shared.domain.run.run import Run
from shared.http.contract.groups import CustomerAnswer, GroupAnswer
from shared.http.run_acceptance import show_accepted


def show_group(
    group: Group,
    cover_image: str,
    *,
    started: Run | None = None,
    email_status: EmailStatus | None = None,
) -> GroupAnswer:
    """Show a group, without its secrets.

    :param cover_image: where its image can be fetched.
    :param started: the run that began with the group; without it the answer names none.
    :param email_status: whether its address takes mails; without it the answer does not say.
    """
    shown = as_request(group)
    if shown["connection"] is not None:
        shown["connection"]["secretsSet"] = sorted(name.value for name in group.config.secrets)
    if started is not None:
        shown["sync"] = show_accepted(started)
    if email_status is not None:
        shown["emailStatus"] = email_status
        shown["emailConfirmed"] = email_status is EmailStatus.CONFIRMED
    return GroupAnswer.model_validate(
        shown
        | {
            "groupId": group.group_id,
            "coverImage": cover_image,
            "ownCoverImage": group.cover.shown is not None,
            "coverImageRefused": group.cover.refused,
            "version": group.config.version,
            "createdAt": group.created_at,
            "updatedAt": group.updated_at,
            "nextRunAt": group.next_run_at,
            "lastRun": group.last_ended,
            "activeRunId": str(group.active_run) if group.active_run else None,
            "markedAt": group.marked_at,
            "deletingSince": group.deleting_since,
            "heldRecords": group.hold.records if group.hold else 0,
        }
    )


def show_customer(customer: Customer) -> CustomerAnswer:
    """Show a customer."""
    return CustomerAnswer.model_validate(customer)
