"""Pages of contacts and rules: one's own, and for admins those of others."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.errors import ConflictError, InvalidError, LimitError, NotFoundError
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.forms import (
    CHANNEL_WORDS,
    AddressForm,
    NewContactForm,
    RulesForm,
)
from watchkeeper.notifications.queries import ContactRow, PagingRow
from watchkeeper.notifications.usecases import UnknownPersonError
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of


class NoPersonHereError(NotFoundError):
    """Who looks is no person, so that they have no contacts."""

    code = "no_person_here"


@members_only
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show one's own contacts and rules."""
    actor = actor_of(request)
    if actor.kind is not ActorKind.USER or actor.id is None:
        raise NoPersonHereError("Only people have contacts")
    name = identity.names_of({actor.id})[actor.id]
    return _page(request, _row(actor, name))


@members_only
@require_http_methods(METHODS)
def contacts(request: HttpRequest, name: str) -> HttpResponse:
    """Show how a person is reached, and save the rules."""
    actor, row = actor_of(request), _row(actor_of(request), name)
    access.require(actor, Permission.READ, what=f"person {name}")
    if request.method != "POST":
        return _page(request, row)
    _require_own(actor, row)
    form = RulesForm(request.POST, row=row)
    if form.is_valid():
        done = saved(
            form,
            lambda: _true(
                usecases.save_rules(
                    actor=actor,
                    person=name,
                    rules=form.rules(),
                    quiet=form.quiet(),
                    now=clock.now(),
                )
            ),
        )
        if done:
            messages.success(request, _("Saved. It holds for the next page."))
            return _back(request, name)
    return _page(request, row, form=form, status=422)


def _page(
    request: HttpRequest, row: PagingRow, *, form: RulesForm | None = None, status: int = 200
) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    may_change = queries.may_see_addresses(actor, row.user_id)
    waiting = queries.codes_that_wait(row.user_id, now=now) if may_change else {}
    context = {
        "row": row,
        "lines": [
            (each, CHANNEL_WORDS[each.channel], each.name in waiting) for each in row.contacts
        ],
        "form": form or RulesForm(row=row),
        "is_own": actor.kind is ActorKind.USER and actor.id == row.user_id,
        "may_act": may_change,
        "may_change": may_change and not row.is_in_file,
        "usable": sum(each.verified and each.is_wired for each in row.contacts),
    }
    return render(request, "notifications/contacts.html", context, status=status)


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest, name: str) -> HttpResponse:
    """Add a contact."""
    actor, row = actor_of(request), _row(actor_of(request), name)
    _require_own(actor, row)
    asked = request.POST if request.method == "POST" else None
    form = NewContactForm(asked, wired=queries.ready_channels())
    if form.is_valid():
        spec = form.spec()
        made = saved(
            form,
            lambda: usecases.add_contact(actor=actor, person=name, contact=spec, now=clock.now()),
            field_of=_last,
        )
        if made is not None and made.secrets:
            return _told_secret(request, row, spec.name, made.secrets[spec.name])
        if made is not None:
            messages.success(request, _("Added. Now prove that you answer there: send a code."))
            return _back(request, name)
    context = {"row": row, "form": form, "here": _("New contact")}
    status = 422 if form.errors else 200
    return render(request, "notifications/contact_form.html", context, status=status)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str, contact: str) -> HttpResponse:
    """Let a contact lead elsewhere."""
    actor, row = actor_of(request), _row(actor_of(request), name)
    _require_own(actor, row)
    one = _contact(row, contact)
    asked = request.POST if request.method == "POST" else None
    form = AddressForm(asked, initial={"address": one.address})
    if form.is_valid():
        address = form.cleaned_data["address"].strip()
        done = saved(
            form,
            lambda: usecases.change_contact(
                actor=actor, person=name, contact=contact, address=address, now=clock.now()
            ),
            field_of=_last,
        )
        if done is not None:
            messages.success(request, _("Saved. A new address has to be verified anew."))
            return _back(request, name)
    context = {"row": row, "form": form, "here": contact, "contact": one}
    status = 422 if form.errors else 200
    return render(request, "notifications/contact_form.html", context, status=status)


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str, contact: str) -> HttpResponse:
    """Ask, then remove a contact."""
    actor, row = actor_of(request), _row(actor_of(request), name)
    _require_own(actor, row)
    _contact(row, contact)
    if request.method == "POST":
        said = _("%(name)s is removed.") % {"name": contact}
        return _did(
            request,
            name,
            lambda: usecases.remove_contact(
                actor=actor, person=name, contact=contact, now=clock.now()
            ),
            said,
        )
    effect = _("It is not called any more, and the rules that call it go too.")
    if row.is_usable_only_by(contact):
        effect = _("Nothing else is left to page %(person)s by. ") % {"person": name} + effect
    context = {
        "row": row,
        "here": contact,
        "title": _("Remove the contact %(name)s") % {"name": contact},
        "effect": effect,
        "back_url": _url(request, name),
    }
    return render(request, "notifications/contact_remove.html", context)


@members_only
@require_POST
def test(request: HttpRequest, name: str, contact: str) -> HttpResponse:
    """Send a test page to one contact."""
    actor = actor_of(request)
    return _did(
        request,
        name,
        lambda: usecases.send_test_page(
            actor=actor, person=name, contact=contact, now=clock.now()
        ),
        _("A test page is on its way to %(name)s.") % {"name": contact},
    )


@members_only
@require_POST
def code(request: HttpRequest, name: str, contact: str) -> HttpResponse:
    """Send a code to a contact."""
    actor = actor_of(request)
    return _did(
        request,
        name,
        lambda: usecases.send_code(actor=actor, person=name, contact=contact, now=clock.now()),
        _("A code is on its way to %(name)s. Type it in within 15 minutes.") % {"name": contact},
    )


@members_only
@require_POST
def verify(request: HttpRequest, name: str, contact: str) -> HttpResponse:
    """Take the code that was sent to a contact."""
    actor, typed = actor_of(request), request.POST.get("code", "")[:40]
    return _did(
        request,
        name,
        lambda: usecases.verify(
            actor=actor, person=name, contact=contact, code=typed, now=clock.now()
        ),
        _("%(name)s is verified: pages go there.") % {"name": contact},
    )


@members_only
@require_POST
def secret(request: HttpRequest, name: str, contact: str) -> HttpResponse:
    """Make the secret of a webhook anew and show it, this once."""
    actor, row = actor_of(request), _row(actor_of(request), name)
    made = usecases.remake_secret(actor=actor, person=name, contact=contact, now=clock.now())
    return _told_secret(request, row, contact, made)


def _told_secret(request: HttpRequest, row: PagingRow, contact: str, value: str) -> HttpResponse:
    context = {"row": row, "contact": contact, "secret": value, "here": contact}
    return render(request, "notifications/contact_secret.html", context)


def _did(request: HttpRequest, name: str, act: Callable[[], object], said: str) -> HttpResponse:
    """Do something and go back; what stands in its way is told there."""
    try:
        act()
    except (InvalidError, ConflictError, LimitError) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return _back(request, name)


def _row(actor: Actor, name: str) -> PagingRow:
    row = queries.paging_of(name, actor=actor)
    if row is None:
        raise UnknownPersonError(f"There is no person {name}")
    return row


def _require_own(actor: Actor, row: PagingRow) -> None:
    if not queries.may_see_addresses(actor, row.user_id):
        access.require(actor, Permission.ADMINISTER, what=f"the contacts of {row.person}")


def _contact(row: PagingRow, name: str) -> ContactRow:
    for each in row.contacts:
        if each.name == name:
            return each
    raise usecases.ContactNotFoundError(f"{row.person} has no contact {name}")


def _last(path: str) -> str:
    """Return the name of the field that a fault's path ends with."""
    return path.rpartition(".")[2]


def _true(done: None) -> bool:
    return done is None


def _url(request: HttpRequest, name: str) -> str:
    """Return where the contacts of a person are shown: one's own have a place in the rail."""
    actor = actor_of(request)
    is_user = actor.kind is ActorKind.USER and actor.id is not None
    if is_user and identity.ids_of([name]).get(name) == actor.id:
        return reverse("notifications:mine")
    return reverse("notifications:contacts", args=[name])


def _back(request: HttpRequest, name: str) -> HttpResponse:
    return redirect(_url(request, name))
