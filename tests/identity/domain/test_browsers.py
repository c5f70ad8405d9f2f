"""Browsers in words."""

import pytest

from watchkeeper.identity.domain.browsers import browser_words

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (f"{_WINDOWS} {_KIT} Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{_WINDOWS} {_KIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge on Windows"),
        (f"{_WINDOWS} {_KIT} Chrome/141.0.0.0 Safari/537.36 OPR/120.0", "Opera on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
         "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 "
         "Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
         "CriOS/141.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_KIT} Chrome/141.0 Mobile Safari/537.36",
         "Chrome on Android"),
        ("Mozilla/5.0 Firefox/144.0", "Firefox"),
        ("curl/8.11.0", "curl/8.11.0"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_called_what_people_call_it(said: str, words: str) -> None:
    assert browser_words(said) == words
