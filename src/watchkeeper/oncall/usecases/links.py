"""Answering a page by its link."""

import datetime as dt
from enum import Enum

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.kernel.errors import ForbiddenError
from watchkeeper.notifications.usecases import links as signed
from watchkeeper.oncall.queries import links as queries
from watchkeeper.oncall.queries.escalations import subject_port


class Answer(Enum):
    """What a link can do."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


class FormExpiredError(ForbiddenError):
    """The form was open too long, or comes from elsewhere."""

    code = "form_expired"


@transaction.atomic
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
    doing = port.acknowledge if act is Answer.ACKNOWLEDGE else port.resolve
    doing(page.subject.id, actor=page.actor, now=now)
    audit.record(
        actor=page.actor,
        action="page_link.used",
        kind="page",
        object_id=page.page_id,
        detail={"act": act.value, "subject": f"{page.subject.kind} {page.subject.id}"},
        now=now,
    )
