"""How admins are told that the pager itself is unwell: straight out, without the engine."""

import platform
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, WatchkeeperError
from watchkeeper.plumbing import egress, served_address
from watchkeeper.plumbing.alarms import Word
from watchkeeper.plumbing.egress import Trust, mail

TIMEOUT_SECONDS = 8.0
_HEADLINES = {
    Word.BEGUN: "Watchkeeper itself is in trouble",
    Word.CONTINUES: "Watchkeeper itself is still in trouble",
    Word.OVER: "Watchkeeper itself is well again",
}
_SUCCESS = range(200, 300)

logger = structlog.get_logger(__name__)


def ways() -> dict[str, Callable[[str, str, Word], None]]:
    """Return the ways out that the settings name, by setting."""
    found: dict[str, Callable[[str, str, Word], None]] = {}
    if settings.WATCHKEEPER.watch_url:
        found["WATCHKEEPER_WATCH_URL"] = _post
    if settings.WATCHKEEPER.watch_email:
        found["WATCHKEEPER_WATCH_EMAIL"] = _mail
    return found


def tell(name: str, detail: str, word: Word) -> bool:
    """Tell admins of an alarm by every way there is; false if one is set and none took it.

    It always stands in the log, which is the only way where none is set.
    """
    log = logger.info if word is Word.OVER else logger.error
    log("watchman", alarm=name, state=word.value, detail=detail)
    outcomes = [_tried(way, send, name, detail, word) for way, send in ways().items()]
    return any(outcomes) or not outcomes


def _tried(
    way: str, send: Callable[[str, str, Word], None], name: str, detail: str, word: Word
) -> bool:
    try:
        send(name, detail, word)
    except WatchkeeperError as error:
        logger.warning("the second path is closed", way=way, why=error.message)
        return False
    return True


def _post(name: str, detail: str, word: Word) -> None:
    """Post JSON; ``text`` is what chats show, the rest is for machines."""
    answer = egress.request(
        "POST",
        settings.WATCHKEEPER.watch_url or "",
        trust=Trust.ADMIN,
        json={
            "text": f"{headline(word)}: {detail} ({place()})",
            "state": word.value,
            "alarm": name,
            "detail": detail,
            "installation": place(),
            "url": f"{served_address.base()}/settings",
        },
        timeout_seconds=TIMEOUT_SECONDS,
    )
    if answer.status not in _SUCCESS:
        raise DependencyError(f"WATCHKEEPER_WATCH_URL answered {answer.status}", permanent=False)


def _mail(name: str, detail: str, word: Word) -> None:
    server = mail.server_of(settings.WATCHKEEPER.smtp_url or "")
    host = urlsplit(settings.WATCHKEEPER.public_url or "").hostname or "localhost"
    made = EmailMessage()
    made["From"] = settings.WATCHKEEPER.mail_from or f"watchkeeper@{host}"
    made["To"] = settings.WATCHKEEPER.watch_email
    made["Subject"] = f"{headline(word)}: {name}"
    made["Date"] = clock.now()
    made["Auto-Submitted"] = "auto-generated"
    lines = [f"{detail}.", "", f"Installation: {place()}", f"{served_address.base()}/settings", ""]
    made.set_content("\n".join(lines))
    mail.send(made, server=server)


def headline(word: Word) -> str:
    """Return what happened, in a few words."""
    return _HEADLINES[word]


def place() -> str:
    """Return which installation speaks, and from which machine."""
    where = settings.WATCHKEEPER.public_url or settings.WATCHKEEPER.organisation
    return f"{where}, told by {platform.node()}"
