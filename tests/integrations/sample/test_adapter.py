"""The generator behaves as any source does."""

import numpy as np
import pytest

from watchkeeper.integrations.sample.adapter import SampleSource
from watchkeeper.integrations.sample.domain import generator
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.ports import SliRequest, SourceConfig

START = 29_500_000


def source(**settings: object) -> SourceConfig:
    return SourceConfig(1, "harbour-goods", "sample", settings, {})


def spec(series: str = "cart.errors") -> SliSpec:
    return SliSpec(kind="sample", source="harbour-goods", value=series)


def test_each_request_is_answered_with_its_minutes() -> None:
    requests = [SliRequest(7, spec()), SliRequest(9, spec("search.errors"))]

    answers = SampleSource().fetch(source(seed=3), requests, start=START, end=START + 60)

    assert [answer.version_id for answer in answers] == [7, 9]
    expected = generator.minutes("cart.errors", seed=3, start=START, end=START + 60)
    assert np.array_equal(answers[0].series.good, expected.good)


def test_a_series_that_is_not_known_was_never_measured() -> None:
    [answer] = SampleSource().fetch(
        source(), [SliRequest(1, spec("nothing"))], start=START, end=START + 9
    )

    assert len(answer.series.covered) == 9
    assert not answer.series.covered.any()


def test_it_says_what_it_is_and_has_no_oldest_minute() -> None:
    assert SampleSource().probe(source()).startswith("Sample shop")
    assert SampleSource().oldest(source()) is None
    assert SampleSource().check(source(), spec()) == ()


def test_a_series_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidError, match=r"cart\.errors"):
        SampleSource().check(source(), spec("nothing"))


@pytest.mark.parametrize("seed", [-1, 2**63, "1", 1.5, True, None])
def test_a_seed_is_a_whole_number(seed: object) -> None:
    with pytest.raises(InvalidError, match="seed"):
        SampleSource().probe(source(seed=seed))
