"""Many questions in few requests, none lost and none answered for another."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.integrations.prometheus.domain import packs
from watchkeeper.integrations.prometheus.domain.packs import Pack
from watchkeeper.integrations.prometheus.domain.queries import (
    CounterQuery,
    LabelMatch,
    ValueQuery,
    read_counter,
)

FORM = packs.sums(packs.PROMETHEUS)
QUERIES = st.builds(
    CounterQuery,
    st.sampled_from(["a_total", "b_total"]),
    st.lists(
        st.builds(
            LabelMatch,
            st.sampled_from(["service", "code", "job"]),
            st.sampled_from(["=", "=~", "!="]),
            st.sampled_from(["", "x", "y.z", "5.."]),
        ),
        max_size=3,
        unique=True,
    ).map(lambda matches: tuple(sorted(matches))),
)


def counters(*texts: str) -> list[CounterQuery]:
    found = [read_counter(text).query for text in texts]
    return [query for query in found if isinstance(query, CounterQuery)]


@given(st.lists(QUERIES, max_size=30))
def test_every_counter_is_asked_for_once(queries: list[CounterQuery]) -> None:
    asked = [query for pack in packs.grouped(queries, FORM) for query in pack.members.values()]

    assert len(asked) == len(set(asked))
    assert set(asked) == set(queries)


@given(st.lists(QUERIES, max_size=30))
def test_a_series_of_a_pack_leads_to_the_query_of_its_label(queries: list[CounterQuery]) -> None:
    for pack in packs.grouped(queries, FORM):
        for value, query in pack.members.items():
            labels = {pack.label: value} if pack.label else {}
            assert pack.query_of(labels) == query


def test_counters_that_differ_in_one_label_become_one_grouped_query() -> None:
    queries = counters('x{service="a.b",code=~"5.."}', 'x{service="c",code=~"5.."}')

    (pack,) = packs.grouped(queries, FORM)

    assert pack.text == 'sum by (service) ({__name__="x",code=~"5..",service=~"a\\\\.b|c"})'


def test_a_pack_can_be_halved_until_one_question_is_left() -> None:
    queries = counters(*(f'x{{service="s{index}"}}' for index in range(5)))
    (pack,) = packs.grouped(queries, FORM)

    def leaves(one: Pack) -> list[Pack]:
        halves = one.halves(FORM)
        return [one] if len(halves) == 1 else [leaf for half in halves for leaf in leaves(half)]

    assert [len(leaf.members) for leaf in leaves(pack)] == [1] * 5


def test_what_cannot_be_grouped_is_joined_as_a_balanced_tree_of_marked_parts() -> None:
    joined = packs.joined(packs.values([ValueQuery("a"), ValueQuery("b"), ValueQuery("c")]))

    assert joined == (
        '((label_replace(a, "wk_pack", "0", "", "") or label_replace(b, "wk_pack", "1", "", ""))'
        ' or label_replace(c, "wk_pack", "2", "", ""))'
    )


def test_long_stretches_are_asked_in_smaller_portions() -> None:
    many = packs.values([ValueQuery(f"v{index}") for index in range(250)])

    assert [len(portion) for portion in packs.requests(many, steps=3)] == [100, 100, 50]
    assert len(packs.requests(many, steps=1441)[0]) == 4


def test_a_dialect_without_the_usual_lookback_is_asked_for_the_last_sample() -> None:
    form = packs.sums(packs.VICTORIA_METRICS)

    assert form("{x}", "") == "sum (last_over_time({x}[300s]))"


def test_errors_are_covered_by_the_total_they_narrow() -> None:
    total, bad, slow, other = counters(
        'x{job="a"}', 'x{job="a",code=~"5.."}', 'x{job="a",code=~"5..",path="/"}', 'y{job="a"}'
    )

    assert packs.covers((total, bad, slow, other)) == {bad: total, slow: total}


def test_another_condition_on_the_same_label_covers_nothing() -> None:
    good, bad = counters('x{job="a",code!~"5.."}', 'x{job="a",code=~"5.."}')

    assert packs.covers((good, bad)) == {}


@given(st.lists(QUERIES, max_size=30))
def test_what_covers_a_query_has_fewer_of_its_conditions(queries: list[CounterQuery]) -> None:
    found = packs.covers(tuple(queries))

    for query, widest in found.items():
        assert query.metric == widest.metric
        assert set(query.matches) > set(widest.matches)
        assert widest not in found
