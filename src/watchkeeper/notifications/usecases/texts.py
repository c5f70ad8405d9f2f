"""A page in words, for channels that carry text."""

from watchkeeper.notifications.ports import Message

MAY_REPEAT = "(may repeat)"
_LONGEST_TITLE = 200


def headline(message: Message) -> str:
    """Return one line: what burns, and where; marked where it may have been sent before."""
    services = dict.fromkeys(alert.service for alert in message.alerts if alert.service)
    where = f" [{', '.join(services)}]" if services else ""
    mark = f" {MAY_REPEAT}" if message.may_repeat else ""
    more = f" and {len(message.alerts) - 1} more" if len(message.alerts) > 1 else ""
    title = " ".join(message.title.split())[:_LONGEST_TITLE]
    return f"{title}{more}{where}{mark}"


def text(message: Message) -> str:
    """Return headline and link, for a phone's screen."""
    return f"{headline(message)}\n{message.link}"


def spoken(message: Message) -> str:
    """Return what a voice reads out, without the link."""
    kind = "a test page" if message.is_test else f"a {message.urgency} urgency page"
    return f"This is Watchkeeper with {kind} for {message.person}. {headline(message)}."
