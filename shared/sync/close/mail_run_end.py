"""Tells a group's e-mail address what it must know of a run; subscribes it to begin with."""

from dataclasses import dataclass

from shared.domain.errors import NotFoundError
from shared.domain.run.mail import run_mail
from shared.messages import Message, TellOfRun
from shared.ports.groups import Groups
from shared.ports.messaging import Mailing
from shared.ports.runs import Runs


@dataclass(frozen=True)
class TellPorts:
    """What telling of runs needs of the world."""

    groups: Groups
    runs: Runs
    mailing: Mailing


def tell_of_run(message: TellOfRun | Message, ports: TellPorts) -> bool:
    """Send the mail about a run, if there is one; True if it was sent.

    A message that names only a group has its address subscribed.

    :raises MailRefusedError: the mail service does not take the address.
    """
    try:
        group = ports.groups.get(message.enterprise, message.group_id, deleting=True)
    except NotFoundError:
        group = None
    if not isinstance(message, TellOfRun):
        if group is not None and group.deleting_since is None:
            ports.mailing.subscribe(group.group_id, group.email)
        return False
    run = ports.runs.get(message.key)
    if run is None:
        return False
    mail = run_mail(run, group.config.name) if group is not None else None
    if group is not None and mail is not None:
        ports.mailing.send(group.group_id, group.email, *mail)
    return mail is not None
