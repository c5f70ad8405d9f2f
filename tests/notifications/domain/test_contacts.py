"""Contacts: what may stand in them, what others see, which are called and when."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernel import lengths
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.notifications.domain import contacts, people, plan
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec, RuleSpec
from watchkeeper.notifications.domain.plan import Call, Contact, Reach

WIRED = frozenset({"webhook", "email"})
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "a@example.org"),
        ("webhook", "http://127.0.0.1:9/"),
        ("teams", "https://example.org/hook?x=1"),
        ("ntfy", "my-topic"),
        ("ntfy", "https://ntfy.example.org/topic"),
        ("slack", "U012AB3CD"),
        ("sms", "+14155550100"),
        ("voice", "+4915112345678"),
    ],
)
def test_addresses_that_can_be(channel: str, address: str) -> None:
    assert list(contacts.contact_faults(ContactSpec("a", channel, address))) == []


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "alice"),
        ("email", "a@example.org\r\nBcc: b@example.org"),
        ("email", "a@b, c@d"),
        ("webhook", "ftp://example.org"),
        ("webhook", "http://user:secret@example.org/"),
        ("webhook", "http://[broken"),
        ("webhook", "javascript:alert(1)"),
        ("webhook", "https://example.org/" + "x" * 2000),
        ("slack", "alice"),
        ("sms", "0800 1234"),
        ("voice", "+1"),
        ("pigeon", "roof"),
    ],
)
def test_addresses_that_cannot_be(channel: str, address: str) -> None:
    assert list(contacts.contact_faults(ContactSpec("a", channel, address)))


def test_every_fault_of_a_person_is_named_with_its_place() -> None:
    spec = PagingSpec(
        contacts=(ContactSpec("a", "email", "x"), ContactSpec("a", "webhook", "http://x/")),
        rules={"high": [RuleSpec("b"), RuleSpec("a", dt.timedelta(days=2))], "urgent": []},
    )

    with pytest.raises(InvalidError) as caught:
        contacts.check(spec)

    assert [problem.path for problem in caught.value.problems] == [
        "contacts[0].address",
        "contacts[1].name",
        "rules.high[0].contact",
        "rules.high[1].after",
        "rules.urgent",
    ]


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("email", "alice@example.org", "a…@e…"),
        ("sms", "+14155550100", "…00"),
        ("webhook", "https://example.org/secret", "…"),
        ("slack", "U012AB3CD", "…"),
    ],
)
def test_others_see_too_little_of_an_address_to_use_it(
    channel: str, address: str, shown: str
) -> None:
    assert contacts.masked(address, channel=channel) == shown


HOOK, MAIL = Contact("hook", "webhook", verified=True), Contact("mail", "email", verified=True)
FRESH, PHONE = Contact("new", "email", verified=False), Contact("phone", "sms", verified=True)


@pytest.mark.parametrize(
    ("reach", "calls"),
    [
        pytest.param(Reach(), [], id="nobody can be reached without contacts"),
        pytest.param(
            Reach((HOOK, MAIL), {"high": (("mail", 5 * MINUTE), ("hook", 0 * MINUTE))}),
            [Call(0, "mail", 5 * MINUTE), Call(1, "hook", 0 * MINUTE)],
            id="rules are followed",
        ),
        pytest.param(
            Reach((HOOK, MAIL)),
            [Call(0, "hook", 0 * MINUTE), Call(1, "mail", 0 * MINUTE)],
            id="without rules all are called at once",
        ),
        pytest.param(
            Reach((FRESH, MAIL), {"high": (("new", 0 * MINUTE),)}),
            [Call(0, "new", 0 * MINUTE, plan.UNVERIFIED), Call(1, "mail", 0 * MINUTE)],
            id="where no rule can be followed all others are called",
        ),
        pytest.param(
            Reach((PHONE, HOOK), {"high": (("phone", 0 * MINUTE), ("hook", MINUTE))}),
            [Call(0, "phone", 0 * MINUTE, plan.NOT_WIRED), Call(1, "hook", MINUTE)],
            id="what cannot send is left out with its reason",
        ),
        pytest.param(
            Reach((HOOK,), {"low": (("hook", MINUTE),)}),
            [Call(0, "hook", 0 * MINUTE)],
            id="rules of another urgency do not count",
        ),
    ],
)
def test_which_contacts_are_called(reach: Reach, calls: list[Call]) -> None:
    assert plan.calls(reach, "high", wired=WIRED) == calls


def test_the_spare_contact_is_the_first_usable_one_that_was_not_tried() -> None:
    reach = Reach((HOOK, FRESH, PHONE, MAIL))

    assert plan.spare(reach, frozenset(), wired=WIRED) == "hook"
    assert plan.spare(reach, frozenset({"hook"}), wired=WIRED) == "mail"
    assert plan.spare(reach, frozenset({"hook", "mail"}), wired=WIRED) is None


def person(**spec: object) -> Document:
    data = {"apiVersion": "watchkeeper/v1", "kind": "Person", "metadata": {"name": "alice"}}
    return Document({**data, "spec": spec})


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"contacts": {}}, "spec.contacts"),
        ({"contacts": [{"name": "a"}]}, "spec.contacts[0].channel"),
        ({"contacts": ["a"]}, "spec.contacts[0]"),
        ({"rules": []}, "spec.rules"),
        ({"rules": {"high": {}}}, "spec.rules.high"),
        ({"rules": {"high": [{"contact": "a", "after": "5 min"}]}}, "spec.rules.high[0].after"),
        ({"rules": {"high": [{"contact": "a"}]}}, "spec.rules.high[0].contact"),
        ({"phone": "1"}, "spec.phone"),
        ({"email": 5}, "spec.email"),
    ],
)
def test_what_a_person_may_not_say(spec: dict[str, object], path: str) -> None:
    assert path in [problem.path for problem in people.problems(person(**spec))]


def test_a_person_comes_back_as_it_was_written_without_its_secret() -> None:
    given_contacts = [
        {"name": "hook", "channel": "webhook", "address": "http://x/", "verified": True}
    ]
    rules = {"high": [{"contact": "hook", "after": "0m"}, {"contact": "hook", "after": "5m"}]}
    spec = {"email": "a@b.c", "timeZone": "UTC", "contacts": given_contacts, "rules": rules}
    document = person(**spec)

    assert list(people.problems(document)) == []
    assert people.write(people.read(document)) == document.data
    secret = person(**spec | {"contacts": [given_contacts[0] | {"secret": "${env:X}"}]})
    assert people.write(people.read(secret)) == document.data


@given(st.integers(0, 999_999 * 86_400))
def test_a_length_comes_back_as_it_was_written(seconds: int) -> None:
    length = dt.timedelta(seconds=seconds)
    text = lengths.write(length)

    assert len(text) > 7 or lengths.read(text) == length
