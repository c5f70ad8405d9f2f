"""Which texts count, which are taken as values, which are refused, and in what words."""

import pytest

from watchkeeper.integrations.prometheus.domain.queries import (
    CounterQuery,
    LabelMatch,
    ValueQuery,
    read_counter,
    read_value,
)
from watchkeeper.kernel.errors import InvalidError

COUNTED = {
    "a selector": "x_total",
    "a selector in parentheses": "((x_total))",
    "a sum": "sum(x_total)",
    "a grouped sum": "sum by (job) (x_total)",
    "a sum without": "sum without (pod) (x_total)",
    "a sum of sums": "sum(sum by (job) (x_total))",
    "a rate over a window to be filled in": "sum(rate(x_total[{{.window}}]))",
    "the same with spaces": "sum(rate(x_total[{{ .window }}]))",
    "an increase over Grafana's interval": "sum(increase(x_total[$__interval])) by (job)",
    "Grafana's rate interval": "rate(x_total[$__rate_interval])",
    "a bare window": "sum(rate(x_total[$window]))",
    "the name as a label": '{__name__="x_total"}',
    "the name in quotes": '{"x_total"}',
    "several lines": "sum(\n  x_total # all of them\n)",
}

REFUSED = {
    "another aggregation": ("max(x_total)", "max(…) of a counter cannot be counted"),
    "arithmetic": ("sum(x_total) - sum(y_total)", "arithmetic cannot be counted"),
    "another function": ("sum(irate(x_total[{{.window}}]))", "irate(…) cannot be counted"),
    "a subquery": ("sum(rate(x_total[5m:1m]))", "a subquery cannot be counted"),
    "a range": ("x_total[5m]", "a range cannot be counted"),
    "a number": ("1", "a number cannot be counted"),
    "an offset": ("x_total offset 5m", "leave out offset"),
    "an instant": ("x_total @ 5", "leave out offset and @"),
    "a pattern for the name": ('{__name__=~"x.*"}', "name one metric"),
    "no name": ('{job="x"}', "names no metric"),
    "or in braces": ('x_total{a="b" or c="d"}', "'or' inside braces"),
    "half a selector": ("x_total{", "cannot be read"),
    "nothing": ("  ", "cannot be read"),
}


@pytest.mark.parametrize("text", COUNTED.values(), ids=COUNTED)
def test_a_selector_in_any_dress_is_one_counter(text: str) -> None:
    query = read_counter(text).query

    assert isinstance(query, CounterQuery)
    assert query.metric == "x_total"
    assert query.matches == ()


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_counted_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        read_counter(text)

    assert words in refusal.value.message


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(InvalidError, match=r"a selector, as http_requests_total.*a sum of one"):
        read_counter("avg(x_total)")


def test_conditions_are_kept_in_one_order_so_that_equal_selectors_are_equal() -> None:
    one = read_counter('x{b!="2",a=~"1|3",c!~"z"}').query
    other = read_counter('sum(x{c!~"z", a=~"1|3", b!="2"})').query

    assert one == other
    assert isinstance(one, CounterQuery)
    assert one.selector() == '{__name__="x",a=~"1|3",b!="2",c!~"z"}'


def test_quotes_and_backslashes_survive() -> None:
    query = read_counter(r'x{path="a\"b\\c"}').query

    assert isinstance(query, CounterQuery)
    assert query.matches == (LabelMatch("path", "=", 'a"b\\c'),)
    assert read_counter(query.selector()).query == query


def test_a_label_with_odd_characters_is_quoted() -> None:
    query = read_counter('{"http.requests","service.name"="cart"}').query

    assert isinstance(query, CounterQuery)
    assert query.selector() == '{__name__="http.requests","service.name"="cart"}'
    assert read_counter(query.selector()).query == query


@pytest.mark.parametrize(
    ("bound", "pattern"),
    [("1", r"1|1\.0"), ("1.0", r"1|1\.0"), ("0.25", r"0\.25"), ("+Inf", None)],
)
def test_a_bucket_is_asked_for_in_every_spelling(bound: str, pattern: str | None) -> None:
    query = read_counter(f'x_bucket{{le="{bound}"}}').query

    expected = LabelMatch("le", "=~", pattern) if pattern else LabelMatch("le", "=", bound)
    assert isinstance(query, CounterQuery)
    assert query.matches == (expected,)


@pytest.mark.parametrize(
    ("text", "scaled", "words"),
    [
        ("sum(rate(x[5m]))", "sum(sum(rate(x[5m]))) * 60", "smoothed over 5 m"),
        ("increase(x[1h])", "sum(increase(x[1h])) * (60 / 3600)", "smoothed over 1 h"),
        ("sum(increase(x[90s]))", "sum(sum(increase(x[90s]))) * (60 / 90)", "smoothed over 90 s"),
    ],
)
def test_a_fixed_range_is_a_smoothed_value(text: str, scaled: str, words: str) -> None:
    reading = read_counter(text)

    assert reading.query == ValueQuery(scaled)
    assert words in reading.findings[0]


def test_grouping_is_told() -> None:
    (finding,) = read_counter("sum by (job, code) (x)").findings

    assert finding.startswith("grouped by job, code")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("up", "(up)"),
        ("1", "(vector(1))"),
        ("-(1 + 2)", "(vector(-(1 + 2)))"),
        ("scalar(up) * 2", "(vector(scalar(up) * 2))"),
        ("sum(rate(x[{{.window}}]))", "(sum(rate(x[5m])))"),
    ],
)
def test_a_value_is_asked_for_as_a_vector(text: str, asked: str) -> None:
    assert read_value(text, many=False).query == ValueQuery(asked)


def test_a_dialect_that_we_cannot_read_is_left_to_the_server() -> None:
    assert read_value("range_median(x)", many=True).query == ValueQuery(
        "sum(range_median(x))", known=False
    )
