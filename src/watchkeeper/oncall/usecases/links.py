"""Answering a page by its link."""

import contextlib
import datetime as dt
from enum import Enum
from typing import Protocol

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, ForbiddenError
from watchkeeper.notifications.usecases import links as signed
from watchkeeper.oncall.queries import links as queries
from watchkeeper.oncall.queries.escalations import subject_port


class Answer(Enum):
    """What a link can do."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    ACKNOWLEDGE_ALL = "acknowledge-all"


class _Doing(Protocol):
    """What is done to one subject."""

    def __call__(self, id: str, *, actor: Actor, now: dt.datetime) -> None: ...


class FormExpiredError(ForbiddenError):
    """The form was open too long, or comes from elsewhere."""

    code = "form_expired"


def answer(
    token: str,
    act: Answer,
    *,
    proof: str,
    now: dt.datetime,
    request_id: str = "",
    address: str = "",
) -> None:
    """Do what the button behind a link says, in the name of who was paged.

    Of all that one call told of each is taken by itself: what is over already holds none up.

    Args:
        token: The end of the link.
        act: What was pressed.
        proof: What the form carried.
        now: The present.
        request_id: Id of the request.
        address: Where it comes from.

    Raises:
        PageLinkNotFoundError: the link opens nothing.
        FormExpiredError: the form does not come from that page, or is older than 12 hours.
        ConflictError: it is over already.
    """
    page = queries.opened(token, now=now, request_id=request_id, address=address)
    if not signed.is_proven(proof, page.page_id, now=now):
        raise FormExpiredError(
            "The form was open too long; load the page again and press once more"
        )
    port = subject_port(page.subject.kind)
    if port is None:
        raise queries.PageLinkNotFoundError("Nobody knows what this page was for")
    doing = port.resolve if act is Answer.RESOLVE else port.acknowledge
    if act is not Answer.ACKNOWLEDGE_ALL:
        _do(page, act, doing, page.subject.id, now=now)
        return
    for each in (page.subject.id, *(other.id for other in page.others)):
        with contextlib.suppress(ConflictError):
            _do(page, act, doing, each, now=now)


@transaction.atomic
def _do(
    page: queries.OpenedPage, act: Answer, doing: _Doing, subject_id: str, *, now: dt.datetime
) -> None:
    doing(subject_id, actor=page.actor, now=now)
    audit.record(
        actor=page.actor,
        action="page_link.used",
        kind="page",
        object_id=page.page_id,
        detail={"act": act.value, "subject": f"{page.subject.kind} {subject_id}"},
        now=now,
    )
