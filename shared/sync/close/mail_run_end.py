"""Mails a group's address about the end of a run; asks the address for its agreement first."""

from dataclasses import dataclass

from shared.domain.errors import NotFoundError
from shared.domain.group.group import Group
from shared.domain.run.hold_news import RUNS_LOOKED_AT, hold_is_news
from shared.domain.run.mail import run_mail
from shared.domain.run.run import Run
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

    About what waits there is a mail when it begins or grows, not after every run.

    :raises MailRefusedError: the mail service refuses the address.
    """
    group, run = _group(message, ports), ports.runs.get(message.key)
    if group is None or run is None:
        return False
    mail = run_mail(run, group.config.name)
    if mail is None or not _is_news(run, ports):
        return False
    ports.mailing.send(group.group_id, group.email, *mail)
    return True


def _is_news(run: Run, ports: MailPorts) -> bool:
    if run.hold is None:
        return True
    return hold_is_news(run, ports.runs.history(run.group_id, RUNS_LOOKED_AT, run.seq))


def _group(message: Message, ports: MailPorts) -> Group | None:
    try:
        return ports.groups.get(message.enterprise, message.group_id, deleting=True)
    except NotFoundError:
        return None
