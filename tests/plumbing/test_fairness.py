"""A storm of one service does not make the others wait for its end. F19, I13."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.plumbing import due_work, fairness
from watchkeeper.plumbing.due_work import Work
from watchkeeper.plumbing.models import DueWork

STORM = 10_000
BATCH = 50


@pytest.fixture(autouse=True)
def fresh() -> None:
    fairness.forget()


def test_a_lane_that_keeps_its_pace_never_falls_behind() -> None:
    places = [fairness.behind_ms("k", "shop", n * fairness.STEP_MS) for n in range(1, 500)]

    assert set(places) == {0}


def test_a_burst_falls_behind_step_by_step_and_others_do_not() -> None:
    assert [fairness.behind_ms("k", "shop", 1_000) for _ in range(4)] == [0, 10, 20, 30]
    assert fairness.behind_ms("k", "cart", 1_000) == 0
    assert fairness.behind_ms("other", "shop", 1_000) == 0
    assert fairness.behind_ms("k", "", 1_000) == fairness.behind_ms("k", "", 1_000) == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10_000)), max_size=200))
def test_nothing_falls_behind_farther_than_it_may_nor_goes_before_it_is_due(
    pieces: list[tuple[str, int]],
) -> None:
    fairness.forget()
    for lane, due in pieces:
        assert 0 <= fairness.behind_ms("k", lane, due) <= fairness.FARTHEST_MS


def position(key: str) -> int:
    """Return in which batch a piece is claimed."""
    for batch in range(1, STORM // BATCH + 2):
        held = due_work.claim(kind="page", owner="one", limit=BATCH)
        if key in {each.key for each in held}:
            return batch
        due_work.finish_many(held)
    raise AssertionError("it was never claimed")


@pytest.mark.django_db
def test_the_first_of_another_goes_before_the_rest_of_a_storm() -> None:
    began = due_work.database_ms() - 1_000
    due_work.put_many("page", [Work(f"storm-{n}", began, lane="shop") for n in range(STORM)])
    due_work.put_many("page", [Work("other", began + 500, lane="cart")])

    assert position("other") <= 2


@pytest.mark.django_db
def test_the_first_of_each_of_many_goes_before_the_second_of_any() -> None:
    began = due_work.database_ms() - 1_000
    for lane in range(BATCH):
        work = [Work(f"{lane}-{n}", began, lane=f"service-{lane}") for n in range(20)]
        due_work.put_many("page", work)

    held = due_work.claim(kind="page", owner="one", limit=BATCH)

    assert {each.key.rpartition("-")[2] for each in held} == {"0"}


@pytest.mark.django_db
def test_what_fell_behind_is_done_at_once_where_hands_are_free() -> None:
    now = due_work.database_ms()
    due_work.put_many("page", [Work(f"storm-{n}", now, lane="shop") for n in range(30)])

    held = due_work.claim(kind="page", owner="one", limit=BATCH)

    assert len(held) == 30
    assert max(DueWork.objects.values_list("behind_ms", flat=True)) == 290


@pytest.mark.django_db
def test_what_is_not_due_is_never_taken_whatever_its_turn() -> None:
    later = due_work.database_ms() + 60_000
    due_work.put_many(
        "page", [Work("later", later), *(Work(f"l{n}", later, lane="a") for n in range(9))]
    )

    assert due_work.claim(kind="page", owner="one", limit=BATCH) == []
