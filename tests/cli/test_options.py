"""The shared options stand anywhere on the line."""

from pathlib import Path

import pytest

from watchkeeper.cli import options
from watchkeeper.kernel.errors import InvalidError


@pytest.mark.parametrize(
    ("words", "shared", "rest"),
    [
        pytest.param([], options.Shared(), [], id="nothing"),
        pytest.param(
            ["--data", "d", "slo", "status"],
            options.Shared(data=Path("d")),
            ["slo", "status"],
            id="before the command",
        ),
        pytest.param(
            ["slo", "status", "--json", "--data=d"],
            options.Shared(data=Path("d")),
            ["slo", "status", "--json"],
            id="after it, with an equals sign",
        ),
        pytest.param(
            ["api", "--url", "https://w", "GET", "--token", "wk_x", "/x"],
            options.Shared(url="https://w", token="wk_x"),
            ["api", "GET", "/x"],
            id="in between",
        ),
        pytest.param(
            ["a", "--", "--data", "x"],
            options.Shared(),
            ["a", "--", "--data", "x"],
            id="not after two dashes",
        ),
    ],
)
def test_shared_options_are_taken_out(
    words: list[str], shared: options.Shared, rest: list[str]
) -> None:
    assert options.split(words) == (shared, rest)


@pytest.mark.parametrize("words", [["--data"], ["slo", "--url="]])
def test_a_shared_option_without_value_is_refused(words: list[str]) -> None:
    with pytest.raises(InvalidError, match="needs a value"):
        options.split(words)
