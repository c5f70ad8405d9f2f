"""The secret of a webhook: made, sealed, and opened where something is signed."""

import secrets

import structlog

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.notifications.models import Contact
from watchkeeper.plumbing import secret_box

logger = structlog.get_logger(__name__)


def new_secret() -> str:
    """Return a new secret: 192 random bits."""
    return f"whsec_{secrets.token_urlsafe(24)}"


def seal(secret: str, *, user_id: int | None, name: str) -> str:
    """Return ``secret`` sealed for this contact alone; a reference stays one inside.

    Args:
        secret: The secret.
        user_id: Whose contact; ``None``: it is a room.
        name: Name of the contact, or key of the room.
    """
    return secret_box.seal(secret, context=_context(user_id, name))


def has_secret(contact: Contact, secret: str) -> bool:
    """Return whether ``secret``, or this reference, is what a contact has already."""
    context = _context(contact.user_id, contact.name)
    try:
        sealed = contact.sealed_secret
        return bool(sealed) and secret_box.open_sealed(sealed, context=context) == secret
    except InvalidError:
        return False


def secret_of(contact: Contact) -> str:
    """Return the secret of a contact; empty where it has none, or where it cannot be opened.

    A page goes out unsigned rather than not at all.
    """
    if not contact.sealed_secret:
        return ""
    context = _context(contact.user_id, contact.name)
    try:
        plain = secret_box.open_sealed(contact.sealed_secret, context=context)
        return secret_box.resolve(plain)
    except InvalidError as error:
        logger.warning("a page goes out unsigned", contact=contact.pk, error=error.message)
        return ""


def reseal_secrets() -> int:
    """Seal the secrets of contacts and rooms with the newest key; return how many changed.

    Raises:
        InvalidError: one cannot be opened.
    """
    changed = 0
    for row in Contact.objects.select_for_update().exclude(sealed_secret="").order_by("pk"):
        context = _context(row.user_id, row.name)
        anew = secret_box.resealed(row.sealed_secret, context=context)
        if anew != row.sealed_secret:
            changed += Contact.objects.filter(pk=row.pk).update(sealed_secret=anew)
    return changed


def _context(user_id: int | None, name: str) -> str:
    return f"contact {user_id} {name}" if user_id is not None else name
