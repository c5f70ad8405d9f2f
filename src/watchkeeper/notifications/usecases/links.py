"""The signed links of pages, under this installation's key."""

import datetime as dt
from functools import cache
from pathlib import Path

import structlog
from django.conf import settings

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.notifications.domain import links
from watchkeeper.plumbing import served_address
from watchkeeper.plumbing.keys import Keyring

logger = structlog.get_logger(__name__)


@cache
def _derived(path: Path) -> bytes:
    return Keyring.load(path).derive("page links")


def _key() -> bytes:
    return _derived(Path(settings.WATCHKEEPER_KEY_FILE))


def address_of(page_id: str) -> str:
    """Return where a page can be answered without signing in; empty if it cannot be signed.

    A page goes out without that link rather than not at all.
    """
    try:
        token = links.token_of(page_id, key=_key())
    except InvalidError as error:
        logger.warning("a page goes out without its link", page=page_id, error=error.message)
        return ""
    return f"{served_address.base()}/p/{token}"


def receipt_token_of(page_id: str) -> str:
    """Return what the address of a page's receipts ends with; empty if it cannot be signed."""
    try:
        return links.receipt_of(page_id, key=_key())
    except InvalidError:
        return ""


def page_of_receipt(token: str) -> str | None:
    """Return the id of the page that a receipt is for; ``None``: it is none of ours."""
    return links.page_of_receipt(token, key=_key())


def page_of(token: str) -> str | None:
    """Return the id of the page that a link is for; ``None``: it is none of ours."""
    return links.page_of(token, key=_key())


def proof_of(page_id: str, *, now: dt.datetime) -> str:
    """Return what the form of a page carries."""
    return links.proof_of(page_id, key=_key(), now=now)


def is_proven(proof: str, page_id: str, *, now: dt.datetime) -> bool:
    """Return whether ``proof`` comes from a form of the page that is not too old."""
    return links.is_proven(proof, page_id, key=_key(), now=now)
