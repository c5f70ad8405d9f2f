"""A page in words, for channels that carry text; several that go in one call are listed."""

from watchkeeper.notifications.ports import Message, PagedAlert

MAY_REPEAT = "(may repeat)"
_LONGEST_TITLE = 200
_MOST_SERVICES = 5


def headline(message: Message) -> str:
    """Return one line: what burns, and where; marked where it may have been sent before.

    Of several alerts it tells how many there are, and the gravest.
    """
    mark = f" {MAY_REPEAT}" if message.may_repeat else ""
    title = _short(message.title)
    if len(message.alerts) > 1:
        title = f"{len(message.alerts)} alerts, the gravest: {title}"
    return f"{title}{_where(message)}{mark}"


def text(message: Message) -> str:
    """Return headline and link, for a phone's screen."""
    return f"{headline(message)}\n{message.link}"


def lines(message: Message, *, most: int) -> list[str]:
    """Return a line for each alert, at most ``most`` of them and how many more there are.

    A single alert stands in the headline already: there is none for it.
    """
    if len(message.alerts) < 2:
        return []
    found = [line(alert) for alert in message.alerts[:most]]
    left = len(message.alerts) - most
    return [*found, f"and {left} more"] if left > 0 else found


def line(alert: PagedAlert) -> str:
    """Return one alert in a line."""
    service = f" [{alert.service}]" if alert.service else ""
    return f"- {_short(alert.title)}{service}"


def spoken(message: Message) -> str:
    """Return what a voice reads out, without the link."""
    if message.code:  # digit by digit, with pauses
        return f"This is Watchkeeper. The code is {', '.join(message.code)}."
    kind = "a test page" if message.is_test else f"a {message.urgency} urgency page"
    return f"This is Watchkeeper with {kind} for {message.person}. {headline(message)}."


def _where(message: Message) -> str:
    services = list(dict.fromkeys(alert.service for alert in message.alerts if alert.service))
    named = ", ".join(services[:_MOST_SERVICES])
    more = f" and {len(services) - _MOST_SERVICES} more" if len(services) > _MOST_SERVICES else ""
    return f" [{named}{more}]" if services else ""


def _short(title: str) -> str:
    return " ".join(title.split())[:_LONGEST_TITLE]
