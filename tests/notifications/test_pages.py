"""The page "My contacts and rules": a person sets up how they are paged, by hand."""

import re

import pytest
from django.test import Client

from tests.factories import HOST
from tests.notifications.sending import Pager
from tests.pages import signed_in, text
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain import verifying as codes
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
from watchkeeper.notifications.models import Contact, Delivery
from watchkeeper.notifications.usecases import verifying

pytestmark = pytest.mark.django_db
PATH = "/people/carol/contacts"


@pytest.fixture
def carol(db: None) -> Client:
    """Carol, a viewer without contacts, in her browser."""
    del db
    identity.create_token(actor=HOST, name="set-up-done", role="viewer", now=clock.now())
    return signed_in("carol")


def add(door: Client, **fields: str) -> str:
    given = {"name": "hook", "channel": "webhook", "address": "https://example.org/h"} | fields
    return text(door.post(f"{PATH}/-/new", given, follow=True))


def test_who_has_no_contacts_is_told_what_they_are_for(carol: Client) -> None:
    page = text(carol.get("/contacts"))

    assert "My contacts and rules" in page
    assert "Nothing to be paged by" in page
    assert f"{PATH}/-/new" in page


def test_a_contact_is_added_proved_and_given_rules_without_anybody_else(carol: Client) -> None:
    add(carol, name="mail", channel="ntfy", address="carol-pages")
    page = text(carol.get("/contacts"))
    assert "you cannot be paged" in page
    assert "carol-pages" in page
    assert "Send a code" in page

    page = text(carol.post(f"{PATH}/mail/code", follow=True))
    assert "A code is on its way to mail" in page
    assert 'name="code"' in page
    page_id = Delivery.objects.get().page_id
    code = codes.code_of(page_id, key=verifying._key())
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert "that is not the code; 4 more tries" in text(
        carol.post(f"{PATH}/mail/verify", {"code": wrong}, follow=True)
    )

    page = text(carol.post(f"{PATH}/mail/verify", {"code": code}, follow=True))

    assert "mail is verified" in page
    assert "Pages can go to 1 contact." in page
    assert 'name="code"' not in page
    carol.post(PATH, {"high_0": "0m, 10m", "low_0": ""})
    found = queries.paging_of("carol", actor=HOST)
    assert found is not None
    told = {
        urgency: [(r.contact, r.after.seconds) for r in rs] for urgency, rs in found.rules.items()
    }
    assert told == {"high": [("mail", 0), ("mail", 600)]}
    assert 'value="0m, 10m"' in text(carol.get("/contacts"))


def test_the_secret_of_a_webhook_is_shown_once(carol: Client) -> None:
    page = add(carol)

    found = re.search(r"whsec_[\w-]+", page)
    assert found is not None
    assert found.group() not in text(carol.get("/contacts"))
    again = re.search(r"whsec_[\w-]+", text(carol.post(f"{PATH}/hook/secret")))
    assert again is not None
    assert again.group() != found.group()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"address": "nowhere"}, "this is not an http or https address"),
        ({"name": "Not A Name"}, "A contact"),
        ({"channel": "sms", "address": "110"}, "this is not a phone number"),
        ({"name": ""}, "This field is required"),
        ({"channel": "fax"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(
    carol: Client, fields: dict[str, str], words: str
) -> None:
    page = add(carol, **fields)

    assert words in page
    assert Contact.objects.count() == 0


def test_the_same_name_twice_is_refused(carol: Client) -> None:
    add(carol)

    assert "has a contact hook already" in add(carol, address="https://example.org/other")
    assert Contact.objects.get().address == "https://example.org/h"


def test_a_new_address_has_to_be_verified_anew(carol: Client) -> None:
    add(carol)
    Contact.objects.update(verified=True, proved_at=clock.now())

    carol.post(f"{PATH}/hook/edit", {"address": "https://example.org/h"})
    assert Contact.objects.get().verified
    carol.post(f"{PATH}/hook/edit", {"address": "https://example.org/new"})

    row = Contact.objects.get()
    assert (row.address, row.verified, row.proved_at) == ("https://example.org/new", False, None)


def test_the_last_contact_is_removed_with_a_warning_and_its_rules_go_too(carol: Client) -> None:
    add(carol)
    Contact.objects.update(verified=True)
    carol.post(PATH, {"high_0": "5m", "low_0": "0m"})

    assert "Nothing else is left to page carol by" in text(carol.get(f"{PATH}/hook/remove"))
    carol.post(f"{PATH}/hook/remove")

    found = queries.paging_of("carol", actor=HOST)
    assert found is not None
    assert (found.contacts, found.rules) == ((), {})


@pytest.mark.parametrize("typed", ["soon", "5m; 10m", "25h", "-5m"])
def test_a_length_that_cannot_be_is_said_and_nothing_is_saved(carol: Client, typed: str) -> None:
    add(carol)

    answer = carol.post(PATH, {"high_0": typed, "low_0": ""})

    assert answer.status_code == 422
    page = text(answer)
    assert "Write lengths as 0m" in page or "after is at most 1d" in page
    assert f'value="{typed}"' in page


def test_what_a_file_keeps_is_read_only_with_a_sentence_and_can_still_be_proved(
    carol: Client,
) -> None:
    spec = PagingSpec((ContactSpec("hook", "ntfy", "carol-pages"),))
    usecases.save_paging(
        actor=HOST,
        person="carol",
        spec=spec,
        origin=Origin.FILE,
        now=clock.now(),
        file="people.yaml",
    )

    page = text(carol.get("/contacts"))

    assert "They are kept in people.yaml; change them there." in page
    assert "New contact" not in page
    assert "Save rules" not in page
    assert "Send a code" in page
    assert carol.post(PATH, {"high_0": "1m"}).status_code in {409, 422}
    assert carol.post(f"{PATH}/hook/test").status_code == 302


def test_a_test_page_goes_to_the_contact_that_was_pressed(pager: Pager) -> None:
    identity.create_token(actor=HOST, name="set-up-done", role="viewer", now=clock.now())
    admin = signed_in("root", "admin")

    page = text(admin.post("/people/alice/contacts/second/test", follow=True))

    assert "A test page is on its way to second" in page
    pager.until(lambda: pager.paths() == ["/second"])


def test_others_see_masked_addresses_and_no_buttons(pager: Pager) -> None:
    identity.create_token(actor=HOST, name="set-up-done", role="viewer", now=clock.now())
    bob = signed_in("bob", "manager")

    page = text(bob.get("/people/alice/contacts"))

    assert pager.phone.url() not in page
    assert "Contacts of" in page
    assert "Send a code" not in page
    assert "Save rules" not in page
    assert bob.post("/people/alice/contacts/hook/test").status_code == 403


def test_the_page_asks_a_fixed_number_of_questions(
    carol: Client, django_assert_max_num_queries: object
) -> None:
    for number in range(12):
        add(carol, name=f"hook-{number}")

    with django_assert_max_num_queries(22):  # type: ignore[operator]
        carol.get("/contacts")


def test_quiet_hours_are_set_with_the_rules_and_need_both_ends(carol: Client) -> None:
    add(carol)

    answer = carol.post(PATH, {"high_0": "0m", "low_0": "", "quiet_from": "22:00"})
    assert answer.status_code == 422
    assert "Quiet hours need both, or none." in text(answer)
    carol.post(PATH, {"high_0": "", "low_0": "", "quiet_from": "00:00", "quiet_to": "07:00"})

    page = text(carol.get("/contacts"))
    assert 'value="00:00"' in page
    assert 'value="07:00"' in page
    carol.post(f"{PATH}/hook/edit", {"address": "https://example.org/new"})
    assert 'value="07:00"' in text(carol.get("/contacts"))
