"""Signed links: whoever holds one may answer one page, without signing in.

The link is the page's id and a keyed hash of it, so that nothing is stored that opens a door. The
form behind it carries a proof of its own, which only who has seen the form can send.

Source: reliability.md, S30: links that act are signed, for one purpose, and good for 24 hours.
"""

import base64
import datetime as dt
import hashlib
import hmac

LIFE = dt.timedelta(hours=24)
"""How long after a page was due its link answers it."""
_FORM_LIFE = dt.timedelta(hours=12)
_BYTES = 16
_LONGEST = 200


def token_of(page_id: str, *, key: bytes) -> str:
    """Return what a link to the page ends with."""
    return f"{page_id}.{_sealed('page', page_id, key)}"


def page_of(token: str, *, key: bytes) -> str | None:
    """Return the id of the page that a link is for; ``None``: it is none of ours."""
    page_id, _, sealed = token[:_LONGEST].rpartition(".")
    wanted = _sealed("page", page_id, key)
    is_ours = bool(page_id) and hmac.compare_digest(sealed.encode(), wanted.encode())
    return page_id if is_ours else None


def receipt_of(page_id: str, *, key: bytes) -> str:
    """Return what the address ends with at which a provider tells what became of a page."""
    return f"{page_id}.{_sealed('receipt', page_id, key)}"


def page_of_receipt(token: str, *, key: bytes) -> str | None:
    """Return the id of the page that such an address is for; ``None``: it is none of ours."""
    page_id, _, sealed = token[:_LONGEST].rpartition(".")
    wanted = _sealed("receipt", page_id, key)
    is_ours = bool(page_id) and hmac.compare_digest(sealed.encode(), wanted.encode())
    return page_id if is_ours else None


def proof_of(page_id: str, *, key: bytes, now: dt.datetime) -> str:
    """Return what the form of a page carries."""
    at = str(int(now.timestamp()))
    return f"{at}.{_sealed('form', f'{at} {page_id}', key)}"


def is_proven(proof: str, page_id: str, *, key: bytes, now: dt.datetime) -> bool:
    """Return whether ``proof`` comes from a form of the page that is at most 12 hours old."""
    at, _, sealed = proof[:_LONGEST].partition(".")
    wanted = _sealed("form", f"{at} {page_id}", key)
    if not hmac.compare_digest(sealed.encode(), wanted.encode()):
        return False
    age = now.timestamp() - int(at)
    return -60 <= age <= _FORM_LIFE.total_seconds()


def _sealed(purpose: str, text: str, key: bytes) -> str:
    made = hmac.new(key, f"{purpose} {text}".encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(made.digest()[:_BYTES]).decode().rstrip("=")
