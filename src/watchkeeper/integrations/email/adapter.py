"""Notifications' port Channel by e-mail."""

from email.message import EmailMessage
from urllib.parse import urlsplit

from django.conf import settings

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.ports import Message, Recipient
from watchkeeper.notifications.usecases import texts
from watchkeeper.plumbing.egress import mail

MOST_LISTED = 200


class EmailChannel:
    """Hands one message to the mail server of the settings."""

    def is_ready(self) -> bool:
        """See ``Channel``; it needs a mail server."""
        return bool(settings.WATCHKEEPER.smtp_url)

    def provider(self, to: Recipient) -> str:
        """See ``Channel``."""
        del to
        parts = urlsplit(settings.WATCHKEEPER.smtp_url or "")
        return parts.netloc.rpartition("@")[2]

    def send(self, message: Message, to: Recipient) -> Result:
        """See ``Channel``."""
        try:
            server = mail.server_of(settings.WATCHKEEPER.smtp_url or "")
            mail.send(_mail(message, to), server=server)
        except InvalidError as error:
            return Result(Outcome.PERMANENT, error.message)
        except DependencyError as error:
            outcome = Outcome.PERMANENT if error.permanent else Outcome.TEMPORARY
            return Result(outcome, error.message)
        return Result(Outcome.ACCEPTED, "the mail server took it")


def _mail(message: Message, to: Recipient) -> EmailMessage:
    """Return the page as mail: the same Message-ID on each repeat, so that copies are one."""
    sender = _sender()
    made = EmailMessage()
    made["From"] = f"Watchkeeper <{sender}>"
    made["To"] = to.address
    made["Subject"] = texts.headline(message)
    made["Message-ID"] = f"<{message.page_id}@{sender.partition('@')[2]}>"
    made["Date"] = clock.now()
    made["Auto-Submitted"] = "auto-generated"
    if message.urgency == "high":
        made["X-Priority"] = "1"
    listed = texts.lines(message, most=MOST_LISTED) or [texts.line(a) for a in message.alerts]
    lines = [texts.headline(message), "", *listed]
    made.set_content("\n".join([*lines, "", *_links(message), ""]))
    return made


def _links(message: Message) -> list[str]:
    """Return where to answer, and where to see everything about it."""
    if not message.act_url:
        return [message.url]
    return [f"Acknowledge: {message.act_url}", f"Everything about it: {message.url}"]


def _sender() -> str:
    host = urlsplit(settings.WATCHKEEPER.public_url or "").hostname or "localhost"
    return settings.WATCHKEEPER.mail_from or f"watchkeeper@{host}"
