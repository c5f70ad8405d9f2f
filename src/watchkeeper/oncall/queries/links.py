"""What the link in a page opens: one page, for the person it was for, for a while."""

import datetime as dt
from dataclasses import dataclass, replace

from watchkeeper.identity import queries as identity
from watchkeeper.kernel.actors import Actor, Role
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.notifications import queries as notifications
from watchkeeper.notifications.domain.links import LIFE
from watchkeeper.notifications.usecases import links
from watchkeeper.oncall.domain.escalation import ADDED_STEP
from watchkeeper.oncall.models import Page
from watchkeeper.oncall.ports import Described, Shown
from watchkeeper.oncall.queries.escalations import Subject, subject_port


class PageLinkNotFoundError(NotFoundError):
    """The link opens nothing."""

    code = "page_link_not_found"


MOST_OTHERS = 500


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """A page that a link opens.

    Attributes:
        page_id: Its id.
        person: Whom it was for.
        actor: The same as who acts; a responder at least, for this page only.
        subject: What it was for.
        shown: The same as it is now.
        is_beside: Whether the person was added by hand, beside who took it perhaps.
        others: What else the same call told of and has not ended, at most :data:`MOST_OTHERS`.
    """

    page_id: str
    person: str
    actor: Actor
    subject: Subject
    shown: Shown
    is_beside: bool
    others: tuple[Described, ...] = ()

    @property
    def may_take(self) -> bool:
        """Whether there is something to acknowledge."""
        return self.shown.is_open and (not self.shown.is_taken or self.is_beside)


def opened(token: str, *, now: dt.datetime, request_id: str = "", address: str = "") -> OpenedPage:
    """Return the page that the end of a link opens.

    Args:
        token: The end of the link.
        now: The present.
        request_id: Id of the request.
        address: Where it comes from.

    Raises:
        PageLinkNotFoundError: it is none of ours, too old, or who it was for may not sign in.
    """
    page_id = links.page_of(token)
    row = None
    if page_id is not None:
        row = Page.objects.select_related("escalation").filter(pk=page_id).first()
    if row is None or now >= row.due_at + LIFE:
        raise _unknown()
    user_id = notifications.delivery_owner(row.pk)
    actor = None
    if user_id is not None:
        actor = identity.actor_of_person(
            user_id, via="link", request_id=request_id, address=address
        )
    subject = Subject(row.escalation.subject_kind, row.escalation.subject_id)
    port = subject_port(subject.kind)
    shown = port.show(subject.id) if port is not None else None
    if actor is None or shown is None:
        raise _unknown()
    if actor.role in {Role.VIEWER, Role.AUDITOR}:  # who is woken for it may answer it
        actor = replace(actor, role=Role.RESPONDER)
    is_beside = row.step == ADDED_STEP
    others = _others(row.pk, subject)
    return OpenedPage(row.pk, row.person, actor, subject, shown, is_beside, others)


def _others(page_id: str, subject: Subject) -> tuple[Described, ...]:
    """Return what else of the same kind the call told of, as far as it has not ended."""
    beside = notifications.in_one_call_with(page_id)[:MOST_OTHERS]
    port = subject_port(subject.kind)
    if not beside or port is None:
        return ()
    pages = Page.objects.filter(pk__in=beside, escalation__subject_kind=subject.kind)
    ids = dict.fromkeys(pages.order_by("due_at").values_list("escalation__subject_id", flat=True))
    found = port.describe([each for each in ids if each != subject.id])
    return tuple(found[each] for each in ids if each in found and found[each].is_open)


def _unknown() -> PageLinkNotFoundError:
    return PageLinkNotFoundError(
        "This link is unknown or too old, or who it was for may not sign in any more; "
        "sign in to see the alert"
    )
