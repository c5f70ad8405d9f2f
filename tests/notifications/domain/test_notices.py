"""Who is told of what nobody is woken for, and by which contact."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.notifications.domain import notices
from watchkeeper.notifications.domain.notices import NoticeSpec
from watchkeeper.notifications.domain.plan import Contact, Reach

WIRED = frozenset({"email", "ntfy", "webhook", "voice"})
MAIL, TOPIC = Contact("mail", "email", True), Contact("topic", "ntfy", True)
HOOK, CALL = Contact("hook", "webhook", True), Contact("call", "voice", True)
FIVE = dt.timedelta(minutes=5)
NONE = dt.timedelta()


@pytest.mark.parametrize(
    ("spec", "reach", "expected"),
    [
        pytest.param(NoticeSpec(), Reach(), [], id="no contact"),
        pytest.param(NoticeSpec(), Reach([HOOK, CALL]), [], id="nobody is rung, no machine told"),
        pytest.param(NoticeSpec(), Reach([HOOK, MAIL, TOPIC]), ["mail"], id="the first of text"),
        pytest.param(
            NoticeSpec(), Reach([MAIL, TOPIC], {"low": [("topic", NONE), ("mail", FIVE)]}),
            ["topic"], id="the first of the low rules",
        ),
        pytest.param(
            NoticeSpec(), Reach([MAIL, TOPIC], {"low": [("topic", FIVE), ("mail", FIVE)]}),
            ["topic", "mail"], id="both that come first",
        ),
        pytest.param(
            NoticeSpec(), Reach([MAIL, HOOK], {"low": [("hook", NONE)]}), ["mail"],
            id="low rules without text",
        ),
        pytest.param(NoticeSpec(contacts=("hook",)), Reach([MAIL, HOOK]), ["hook"], id="named"),
        pytest.param(
            NoticeSpec(contacts=("gone",)), Reach([MAIL, HOOK]), [], id="named and removed"
        ),
        pytest.param(
            NoticeSpec(), Reach([Contact("mail", "email", False)]), [], id="not verified"
        ),
    ],
)  # fmt: skip
def test_a_notice_goes_where_it_disturbs_least(
    spec: NoticeSpec, reach: Reach, expected: list[str]
) -> None:
    assert notices.contacts_for(spec, reach, wired=WIRED) == expected


@given(
    st.builds(
        NoticeSpec,
        before=st.sampled_from([NONE, FIVE, dt.timedelta(hours=2), dt.timedelta(days=1)]),
        contacts=st.lists(st.sampled_from(["a", "b"]), unique=True).map(tuple),
    )
)
def test_what_is_written_is_read_back(spec: NoticeSpec) -> None:
    written = notices.write(spec)

    assert list(notices.shape(written, "spec.notices")) == []
    assert notices.read(written) == spec


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ([], "n"),
        ({"begin": True}, "n.begin"),
        ({"start": "yes"}, "n.start"),
        ({"before": "2d"}, "n.before"),
        ({"before": 5}, "n.before"),
        ({"contacts": "mail"}, "n.contacts"),
        ({"contacts": [1]}, "n.contacts"),
    ],
)
def test_what_cannot_be_is_named(data: object, path: str) -> None:
    assert [problem.path for problem in notices.shape(data, "n")] == [path]
