"""The shell around a page never hides the page."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory, override_settings

from tests.conftest import FakeClock
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.ui import context, views

ALICE = Actor(kind=ActorKind.USER, id=1, role=Role.EDITOR, label="alice")


@pytest.fixture(autouse=True)
def _own_addresses(fake_clock: FakeClock) -> Iterator[None]:
    del fake_clock
    with override_settings(ROOT_URLCONF="tests.ui.urls"):
        yield


def shell(actor: Actor | None = ALICE, **cookies: str) -> dict[str, Any]:
    request = RequestFactory().get("/kit/")
    request.COOKIES.update(cookies)
    if actor:
        request.actor = actor  # type: ignore[attr-defined]
    request.zone_name = "Europe/Oslo"  # type: ignore[attr-defined]
    return context.shell(request)


def test_someone_who_is_not_signed_in_sees_no_rail() -> None:
    filled = shell(actor=None)

    assert (filled["navigation"], filled["person"], filled["sample"]) == ((), None, False)


def test_a_member_sees_their_place_and_themselves() -> None:
    filled = shell()

    assert filled["navigation"][-1].label == "Settings"
    assert filled["person"].initials == "AL"
    assert filled["person"].note == "Editor"


def test_the_zone_is_the_persons_own_and_can_be_switched_to_utc() -> None:
    assert (shell()["zone"].city, shell()["zone_abbreviation"]) == ("Oslo", "CET")
    assert shell(wk_zone="utc")["zone"].name == "UTC"
    assert shell(wk_zone="utc")["zone_switch"].city == "Oslo"


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ("system", ""), ("<b>", "")]
)
def test_only_known_themes_are_taken_from_a_cookie(cookie: str, theme: str) -> None:
    assert shell(wk_theme=cookie)["theme"] == theme


def test_a_probe_that_fails_leaves_the_page_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> bool:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(context, "_sample_probes", [])
    context.register_sample_probe(broken)
    context.register_sample_probe(lambda: True)

    assert shell()["sample"] is True


def test_a_request_without_anything_still_has_a_shell() -> None:
    request = HttpRequest()

    assert context.shell(request)["organisation"]


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (views.bad_request, 400),
        (views.permission_denied, 403),
        (views.csrf_failure, 403),
        (views.page_not_found, 404),
        (views.server_error, 500),
        (views.unavailable, 503),
    ],
)
def test_error_pages_say_what_is_still_true_what_to_do_and_the_request(
    view: Any, status: int
) -> None:
    request = RequestFactory().get("/x/")
    request.request_id = "01JCX4R2K7"  # type: ignore[attr-defined]
    response = view(request)
    text = response.content.decode()

    assert response.status_code == status
    assert "01JCX4R2K7" in text
    assert "To the overview" in text
