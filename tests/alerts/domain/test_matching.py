"""Matchers and the patterns in them: right, and never slow."""

import datetime as dt
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.alerts.domain import events, expressions, matching, routing
from watchkeeper.alerts.domain.events import Action, Severity, Urgency
from watchkeeper.alerts.domain.routing import Route, Silence
from watchkeeper.kernel.errors import InvalidError

FIELDS = {"service": ("shop",), "severity": ("critical", "page"), "zone": ("eu-1",)}
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('service="shop"', True), ("service=shop", True), ('service="other"', False),
        ('service!="other"', True), ('severity=~"critical|error"', True),
        ('severity="page"', True), ('severity!="page"', False), ('severity!~"crit.*"', False),
        ('zone=~"eu-[0-9]"', True), ('zone=~"eu"', False), ('absent=""', True),
        ('absent!=""', False), (' zone =~ "eu.+" ', True), ('zone=~"(?i)EU-\\\\d"', True),
    ],
)  # fmt: skip
def test_a_matcher_holds_or_not(text: str, holds: bool) -> None:
    assert matching.parse(text).holds(FIELDS) is holds


@pytest.mark.parametrize(
    "text", ["service", '="x"', 'a="x', 'a="x"y"', "a=~(", 'a=~"(?=x)"', 7, "x" * 3000, 'a="\\"']
)
def test_what_is_no_matcher_is_refused(text: object) -> None:
    with pytest.raises(InvalidError):
        matching.parse(text)


@given(st.text(max_size=30), st.sampled_from(["=", "!=", "=~", "!~"]))
@settings(deadline=None)
def test_a_matcher_reads_what_it_wrote(value: str, operator: str) -> None:
    text = re.escape(value) if "~" in operator else value
    try:
        made = matching.parse(str(matching.Matcher("a", operator, text)))
    except InvalidError:
        assert "~" in operator
        return
    assert (made.operator, made.value) == (operator, text)


LETTERS = "ab"
ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(a|b)", "(ab)", "(?:a|)", r"\w"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("({})|{}".format, inner, inner),
        st.builds(
            "({}){}".format,
            inner,
            st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}"]),
        ),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text(LETTERS, max_size=7))
@settings(max_examples=400, deadline=None)
def test_patterns_mean_what_they_mean_elsewhere(pattern: str, text: str) -> None:
    assert expressions.Expression(pattern).matches(text) is bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "a{1,100}a{1,100}b", "(.*.*)*b"]
)
def test_no_pattern_is_slow(pattern: str) -> None:
    expression = expressions.Expression(pattern)

    assert not expression.matches("a" * 5_000)
    assert len(expression._steps) < 2_000


@pytest.mark.parametrize(
    "pattern", ["a{101}", "(a{100}){100}", "x" * 1_001, "a**", "[b-a]", "a{2,1}", ")"]
)
def test_what_is_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidError):
        expressions.Expression(pattern)


def route(name: str, order: int, *match: str, urgency: Urgency | None = None) -> Route:
    return Route(name, order, matching.parse_all(match), f"policy-{name}", urgency)


def test_the_lowest_order_that_matches_wins() -> None:
    routes = [route("all", 99), route("b", 10, "service=shop"), route("a", 20, "service=shop")]

    placed = routing.place(routes, FIELDS, severity=Severity.WARNING, default=("x", "y"), at=NOON)

    assert (placed.route, placed.policy, placed.urgency) == ("b", "policy-b", Urgency.LOW)


def test_a_route_says_how_urgent_it_is() -> None:
    routes = [route("a", 1, urgency=Urgency.HIGH)]

    assert (
        routing.place(routes, FIELDS, severity=Severity.INFO, default=("", ""), at=NOON).urgency
        is Urgency.HIGH
    )


def test_without_a_route_the_catalogue_decides() -> None:
    routes = [route("a", 1, "service=other")]

    named = routing.place(
        routes, FIELDS, severity=Severity.ERROR, default=("shop", "the service"), at=NOON
    )
    nothing = routing.place(routes, FIELDS, severity=Severity.ERROR, default=("", ""), at=NOON)

    assert (named.policy, named.route, named.urgency) == ("shop", "", Urgency.HIGH)
    assert nothing.policy == ""


def test_a_silence_holds_from_its_start_until_before_its_end() -> None:
    match = matching.parse_all(["service=shop"])
    one = Silence("one", match, NOON, NOON + HOUR)
    longer = Silence("longer", match, NOON, NOON + 2 * HOUR)
    other = Silence("other", matching.parse_all(["service=x"]), NOON, NOON + 3 * HOUR)

    def at(moment: dt.datetime) -> Silence | None:
        return routing.silenced([one, longer, other], FIELDS, at=moment)

    assert at(NOON - HOUR / 60) is None
    assert at(NOON) is longer
    assert at(NOON + 2 * HOUR) is None


def test_matchers_see_the_labels_and_over_them_the_fields() -> None:
    event = events.make(
        Action.TRIGGER, "k", title="T", severity="page", labels={"service": "lie", "zone": "eu"}
    )

    fields = matching.fields_of(event, integration="am", service="shop", owner="team")

    assert fields["service"] == ("shop",)
    assert fields["zone"] == ("eu",)
    assert set(fields["severity"]) == {"critical", "page"}
