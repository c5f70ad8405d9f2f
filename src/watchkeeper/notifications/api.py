"""JSON door of contacts, test pages and deliveries."""

import datetime as dt

from django.http import HttpRequest
from ninja import Query, Router, Status

from watchkeeper.kernel import access, clock, instants, lengths
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError, NotFoundError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain import day_hours, notices
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec, RuleSpec
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.notifications.domain.notices import NoticeSpec
from watchkeeper.notifications.schemas import (
    CodeIn,
    CodeSentOut,
    ContactOut,
    DeliveryOut,
    NoticesModel,
    PagesAsked,
    PagingIn,
    PagingOut,
    PagingSaved,
    QuietModel,
    RuleModel,
    SecretMade,
    TestPage,
    TestPageIn,
    TestPagesOut,
)
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of

router = Router(tags=["paging"])


class PageNotFoundError(NotFoundError):
    """There is no page of that id."""

    code = "page_not_found"


@router.get("/people/{name}/contacts", response=PagingOut, summary="How a person is paged")
def get_contacts(request: HttpRequest, name: str) -> PagingOut:
    """Return contacts and rules; addresses only for the person and admins."""
    access.require(actor_of(request), Permission.READ, what=f"person {name}")
    return _shown(name, actor_of(request))


@router.put("/people/{name}/contacts", response=PagingSaved, summary="Set contacts and rules")
def put_contacts(request: HttpRequest, name: str, body: PagingIn) -> PagingSaved:
    """Let the person be reached as the body says, and in no other way."""
    actor = actor_of(request)
    saved = usecases.save_paging(
        actor=actor, person=name, spec=_spec(body), origin=Origin.API, now=clock.now()
    )
    return PagingSaved(**_shown(name, actor).model_dump(), secrets=saved.secrets)


@router.delete("/people/{name}/contacts", response={204: None}, summary="Remove all contacts")
def delete_contacts(request: HttpRequest, name: str) -> Status[None]:
    """Remove contacts and rules; the account stays."""
    usecases.remove_paging(actor=actor_of(request), person=name, now=clock.now())
    return Status(204, None)


@router.post(
    "/people/{name}/contacts/{contact}/secret",
    response={201: SecretMade},
    summary="Make a webhook's secret anew",
)
def remake_secret(request: HttpRequest, name: str, contact: str) -> Status[SecretMade]:
    """Return a new secret, this once; the old one signs no more."""
    secret = usecases.remake_secret(
        actor=actor_of(request), person=name, contact=contact, now=clock.now()
    )
    return Status(201, SecretMade(secret=secret))


@router.post(
    "/people/{name}/contacts/{contact}/code",
    response={202: CodeSentOut},
    summary="Send a code to a contact",
)
def send_code(request: HttpRequest, name: str, contact: str) -> Status[CodeSentOut]:
    """Send six digits there, good for 15 minutes; who types them in is known to answer there."""
    sent = usecases.send_code(
        actor=actor_of(request), person=name, contact=contact, now=clock.now()
    )
    return Status(202, CodeSentOut(page_id=sent.page_id, good_until=sent.good_until))


@router.post(
    "/people/{name}/contacts/{contact}/verify",
    response={204: None},
    summary="Verify a contact by its code",
)
def verify(request: HttpRequest, name: str, contact: str, body: CodeIn) -> Status[None]:
    """Let the contact be used for pages, if the code is the one that was sent there last."""
    usecases.verify(
        actor=actor_of(request), person=name, contact=contact, code=body.code, now=clock.now()
    )
    return Status(204, None)


@router.post("/people/{name}/test-page", response={202: TestPagesOut}, summary="Send a test page")
def send_test_page(request: HttpRequest, name: str, body: TestPageIn) -> Status[TestPagesOut]:
    """Page a person with words that say that it is a test."""
    pages = usecases.send_test_page(
        actor=actor_of(request), person=name, contact=body.contact, now=clock.now()
    )
    made = [TestPage(page_id=page_id, contact=contact) for page_id, contact in pages]
    return Status(202, TestPagesOut(pages=made))


@router.get("/pages/{page_id}", response=DeliveryOut, summary="One page and its attempts")
def get_page(request: HttpRequest, page_id: str) -> DeliveryOut:
    """Return how a page stands."""
    access.require(actor_of(request), Permission.READ, what=f"page {page_id}")
    row = queries.deliveries([page_id]).get(page_id)
    if row is None:
        raise PageNotFoundError(f"There is no page {page_id}")
    return DeliveryOut.model_validate(row, from_attributes=True)


@router.get("/pages", response=Page[DeliveryOut], summary="Pages and their attempts")
def list_pages(
    request: HttpRequest,
    asked: Query[PagesAsked],
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[DeliveryOut]:
    """Return pages, those that were planned last first; ``from`` and ``to`` are when due."""
    access.require(actor_of(request), Permission.READ, what="pages")
    rest.check_limit(limit)
    before = rest.decode_cursor(cursor, of=int) if cursor else None
    wanted = queries.Filter(
        person=asked.person,
        channel=asked.channel,
        state=asked.state,
        since=instants.read(asked.since, path="from") if asked.since else None,
        until=instants.read(asked.until, path="to") if asked.until else None,
    )
    rows = queries.delivery_rows(wanted, limit=limit + 1, before=before)
    items = [DeliveryOut.model_validate(row, from_attributes=True) for _, row in rows[:limit]]
    following = rest.encode_cursor(rows[limit - 1][0]) if len(rows) > limit else None
    return Page[DeliveryOut](items=items, next=following)


def _shown(name: str, actor: Actor) -> PagingOut:
    row = queries.paging_of(name, actor=actor)
    if row is None:
        raise usecases.UnknownPersonError(f"There is no person {name}")
    return PagingOut(
        person=row.person,
        contacts=[ContactOut.model_validate(each, from_attributes=True) for each in row.contacts],
        rules={
            urgency: [RuleModel(contact=r.contact, after=lengths.write(r.after)) for r in listed]
            for urgency, listed in row.rules.items()
        },
        notices=NoticesModel(
            start=row.notices.start,
            end=row.notices.end,
            changes=row.notices.changes,
            before=lengths.write(row.notices.before),
            contacts=list(row.notices.contacts),
        ),
        quiet_hours=QuietModel(
            start=day_hours.written(row.quiet.start), end=day_hours.written(row.quiet.end)
        )
        if row.quiet is not None
        else None,
        origin=row.origin,
        file=row.file,
    )


def _spec(body: PagingIn) -> PagingSpec:
    return PagingSpec(
        contacts=tuple(
            ContactSpec(c.name, c.channel, c.address, verified=c.verified, secret=c.secret)
            for c in body.contacts
        ),
        rules={
            urgency: tuple(
                RuleSpec(rule.contact, _length(rule.after, f"rules.{urgency}[{place}].after"))
                for place, rule in enumerate(listed)
            )
            for urgency, listed in body.rules.items()
        },
        notices=_notices(body.notices),
        quiet=_hours(body.quiet_hours) if body.quiet_hours is not None else None,
    )


def _notices(given: NoticesModel | None) -> NoticeSpec | None:
    if given is None:
        return None
    data = given.model_dump()
    problems = list(notices.shape(data, "notices"))
    if problems:
        raise InvalidError(f"The notices cannot be so: {problems[0].detail}", problems)
    return notices.read(data)


def _hours(given: QuietModel) -> DayHours:
    return DayHours(_time(given.start, "start"), _time(given.end, "end"))


def _time(text: str, name: str) -> dt.time:
    moment = day_hours.time_of(text)
    if moment is None:
        message = f"{text[:20]!r} is not a wall time, as 22:00"
        raise InvalidError(message, [Problem(message, path=f"quiet_hours.{name}")])
    return moment


def _length(text: str, path: str) -> dt.timedelta:
    length = lengths.read(text)
    if length is None:
        message = f"{text[:20]!r} is not a length, as 5m"
        raise InvalidError(message, [Problem(message, path=path)])
    return length
