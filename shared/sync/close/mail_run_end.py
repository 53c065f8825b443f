"""Mails a group's address about the end of a run; asks the address for its agreement first."""

from dataclasses import dataclass

from shared.domain.errors import NotFoundError
from shared.domain.group.group import Group
from shared.domain.run.mail import run_mail
from shared.messages import MailRunEnd, Message, SubscribeAddress
from shared.ports.groups import Groups
from shared.ports.messaging import Mailing
from shared.ports.runs import Runs


@dataclass(frozen=True)
class MailPorts:
    """What mailing a group needs of the world.

    ``groups``: the groups.
    ``runs``: the runs of groups.
    ``mailing``: e-mail to the addresses of groups.
    """

    groups: Groups
    runs: Runs
    mailing: Mailing


def subscribe_address(message: SubscribeAddress, ports: MailPorts) -> None:
    """Ask the address of a group for its agreement, unless the group is gone or being deleted.

    :raises MailRefusedError: the mail service refuses the address.
    """
    group = _group(message, ports)
    if group is not None and group.deleting_since is None:
        ports.mailing.subscribe(group.group_id, group.email)


def mail_run_end(message: MailRunEnd, ports: MailPorts) -> bool:
    """Send the mail about a run, if there is something to say; returns whether it was sent.

    :raises MailRefusedError: the mail service refuses the address.
    """
    group, run = _group(message, ports), ports.runs.get(message.key)
    mail = run_mail(run, group.config.name) if group is not None and run is not None else None
    if group is None or mail is None:
        return False
    ports.mailing.send(group.group_id, group.email, *mail)
    return True


def _group(message: Message, ports: MailPorts) -> Group | None:
    try:
        return ports.groups.get(message.enterprise, message.group_id, deleting=True)
    except NotFoundError:
        return None
