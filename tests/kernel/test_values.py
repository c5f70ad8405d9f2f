"""Names, documents, intervals, errors, actors and the clock."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON, FakeClock
from watchkeeper.kernel import actors, clock, ids
from watchkeeper.kernel.actors import ActorKind, Role
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import (
    ConflictError,
    DependencyError,
    ForbiddenError,
    InvalidError,
    LimitError,
    NotFoundError,
    Problem,
    UnauthenticatedError,
    UnavailableError,
    WatchkeeperError,
)
from watchkeeper.kernel.intervals import Interval


def at(minutes: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


@pytest.mark.parametrize("name", ["a", "A1", "checkout-api", "shop.checkout_v2", "0", "a" * 253])
def test_names_are_those_of_yaml_addresses_and_commands(name: str) -> None:
    assert ids.check_name(name, what="An SLO") == name


@pytest.mark.parametrize(
    "name",
    ["", "-a", "a-", ".a", "a.", "a b", "a/b", "a\n", "ü", "a" * 254, "a\0", "..", None, 7, ["a"]],
)
def test_what_is_no_name_is_refused_with_a_sentence(name: object) -> None:
    with pytest.raises(InvalidError, match=r"^An SLO (needs a name|cannot be named)"):
        ids.check_name(name, what="An SLO")


@given(st.text(max_size=300))
def test_a_name_that_passes_needs_no_quoting_anywhere(name: str) -> None:
    try:
        ids.check_name(name, what="A team")
    except InvalidError:
        return
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set(" /\\'\"%?#&:;<>")


def test_ids_of_requests_are_never_the_same() -> None:
    made = {ids.new_request_id() for _ in range(1000)}

    assert len(made) == 1000
    assert all(len(one) == 24 for one in made)


def test_an_interval_holds_its_start_and_not_its_end() -> None:
    interval = Interval(at(0), at(10))

    assert at(0) in interval
    assert at(9.99) in interval
    assert at(10) not in interval
    assert interval.length == dt.timedelta(minutes=10)


@pytest.mark.parametrize("end", [0, -1])
def test_an_interval_ends_after_it_starts(end: float) -> None:
    with pytest.raises(InvalidError):
        Interval(at(0), at(end))


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        ((-5, 5), (0, 5)), ((5, 15), (5, 10)), ((2, 3), (2, 3)), ((-5, 15), (0, 10)),
        ((10, 20), None), ((-5, 0), None), ((20, 30), None),
    ],
)  # fmt: skip
def test_what_two_intervals_share(
    other: tuple[float, float], shared: tuple[float, float] | None
) -> None:
    found = Interval(at(0), at(10)).clip(Interval(at(other[0]), at(other[1])))

    assert found == (None if shared is None else Interval(at(shared[0]), at(shared[1])))


STRETCHES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20)).map(
        lambda pair: Interval(at(pair[0]), at(pair[0] + pair[1]))
    ),
    max_size=12,
)


@given(STRETCHES)
def test_merging_keeps_every_moment_and_leaves_gaps_between(intervals: list[Interval]) -> None:
    merged = Interval.merged(intervals)

    for minute in range(82):
        moment = at(minute)
        assert any(moment in one for one in intervals) == any(moment in one for one in merged)
    assert all(first.end < second.start for first, second in itertools.pairwise(merged))


@given(STRETCHES)
def test_what_is_left_of_a_stretch_is_every_moment_that_is_not_taken(
    intervals: list[Interval],
) -> None:
    whole, taken = Interval(at(5), at(75)), Interval.merged(intervals)
    left = whole.without(taken)

    for minute in range(82):
        moment = at(minute)
        is_free = moment in whole and not any(moment in one for one in taken)
        assert any(moment in one for one in left) == is_free
    assert all(first.end < second.start for first, second in itertools.pairwise(left))


def test_the_place_of_a_problem_is_told_before_its_sentence() -> None:
    assert str(Problem("is 101 %")) == "is 101 %"
    assert str(Problem("is 101 %", path="spec.target")) == "spec.target: is 101 %"
    assert (
        str(Problem("is 101 %", path="spec.target", file="a.yaml", line=7))
        == "a.yaml:7: spec.target: is 101 %"
    )


def test_an_invalid_input_has_always_a_problem() -> None:
    assert InvalidError("wrong").problems == (Problem("wrong"),)
    assert InvalidError("two", [Problem("a"), Problem("b")]).problems == (
        Problem("a"),
        Problem("b"),
    )


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    kinds = (
        NotFoundError, ConflictError, InvalidError, ForbiddenError, UnauthenticatedError,
        LimitError, DependencyError, UnavailableError, WatchkeeperError,
    )  # fmt: skip

    assert len({kind.code for kind in kinds}) == len(kinds)
    assert LimitError("x", retry_after_seconds=3).retry_after_seconds == 3
    assert DependencyError("x", permanent=True).permanent
    assert str(ConflictError("a sentence")) == ConflictError("a sentence").message


DOCUMENT = Document(
    {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "a"}, "spec": {}},
    file="slo.yaml",
    line=4,
    lines={"metadata": 6, "metadata.name": 7, "spec": 8, "spec.objectives[0]": 10},
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("metadata.name", 7),
        ("metadata.labels.team", 6),
        ("spec.objectives[0].target", 10),
        ("spec.objectives[1].target", 8),
        ("status", 4),
        ("", 4),
        ("[0]", 4),
    ],
)
def test_a_path_that_is_not_there_has_the_line_of_what_would_hold_it(path: str, line: int) -> None:
    assert DOCUMENT.line_of(path) == line


def test_a_document_says_what_it_is() -> None:
    assert (DOCUMENT.api_version, DOCUMENT.kind, DOCUMENT.name) == ("openslo/v1", "SLO", "a")


@pytest.mark.parametrize("data", [{}, {"metadata": None}, {"metadata": {"name": 7}, "kind": []}])
def test_a_document_of_odd_types_is_nothing(data: dict[str, object]) -> None:
    document = Document(data)

    assert (document.api_version, document.kind, document.name) == ("", "", "")


def test_a_problem_found_without_files_is_placed_in_its_document() -> None:
    placed = DOCUMENT.placed(Problem("no", path="metadata.name", row=3))

    assert placed == Problem("no", path="metadata.name", row=3, file="slo.yaml", line=7)
    assert DOCUMENT.placed(Problem("no", file="x.yaml", line=1)).file == "x.yaml"


def test_the_product_itself_and_the_host_may_do_all() -> None:
    for actor in (actors.system("slos.tick"), actors.host()):
        assert actor.kind is ActorKind.SYSTEM
        assert actor.role is Role.ADMIN
    assert actors.ANONYMOUS.role is None


def test_the_clock_is_aware_and_tests_can_move_it(fake_clock: FakeClock) -> None:
    assert clock.now() == NOON
    fake_clock.travel(hours=1)
    assert clock.now() == NOON + dt.timedelta(hours=1)

    clock.set_source(None)

    assert clock.now().utcoffset() == dt.timedelta(0)
    assert clock.now() != NOON


def test_lengths_are_measured_by_a_clock_that_never_runs_back() -> None:
    first = clock.monotonic()

    assert clock.monotonic() >= first
