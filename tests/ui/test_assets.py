"""What is shipped to browsers."""

import gzip
import json
import re
from pathlib import Path

import pytest

from watchkeeper import ui

UI = Path(ui.__file__).parent
STATIC = UI / "static" / "ui"
SHEETS = ("tokens.css", "app.css", "alone.css")
TOKEN = re.compile(r"(--wk-[a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
STATES = ("ok", "watch", "burn", "crit", "nodata", "mute", "sample")
PAGE_LIMIT_BYTES = 250_000


def sheet(name: str) -> str:
    return re.sub(r"/\*.*?\*/", "", (STATIC / name).read_text(), flags=re.DOTALL)


def tokens(theme: int) -> dict[str, str]:
    return {match[1]: match[2 + theme] for match in TOKEN.finditer(sheet("tokens.css"))}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours. Source: WCAG 2.2, "contrast ratio"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_of_states_can_be_read_on_every_ground(theme: int) -> None:
    colour = tokens(theme)
    grounds = [colour[f"--wk-surface-{index}"] for index in range(3)]
    weak = {
        (state, ground)
        for state in STATES
        for ground in [*grounds, colour[f"--wk-{state}-soft"]]
        if contrast(colour[f"--wk-{state}-ink"], ground) < 4.5
    }

    assert weak == set()


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_marks_of_charts_stand_out(theme: int) -> None:
    colour = tokens(theme)
    ground = colour["--wk-surface-0"]

    for role in ("strong", "text", "muted", "accent"):
        assert contrast(colour[f"--wk-{role}"], ground) >= 4.5, role
    for tone in range(1, 7):
        assert contrast(colour[f"--wk-s{tone}"], ground) >= 3, tone


def test_colours_stand_in_the_tokens_alone() -> None:
    assert re.findall(r"#[0-9a-f]{3,8}\b", sheet("app.css") + sheet("alone.css")) == []


def test_every_token_in_use_is_defined() -> None:
    defined = set(re.findall(r"(--wk-[a-z0-9-]+):", sheet("tokens.css")))
    used = {
        name for name_ in SHEETS for name in re.findall(r"var\((--wk-[a-z0-9-]+)", sheet(name_))
    }

    assert used - defined == set()


def test_every_icon_and_mark_in_templates_is_shipped() -> None:
    icons = set(re.findall(r'id="i-([a-z0-9-]+)"', (STATIC / "vendor/icons.svg").read_text()))
    texts = [path.read_text() for path in UI.parent.rglob("templates/**/*.html")]
    used = {name for text in texts for name in re.findall(r'{% icon "([^"]+)" %}', text)}

    assert used - icons == set()


def test_what_comes_from_others_names_its_version_and_licence() -> None:
    listed = json.loads((STATIC / "vendor/VENDOR.json").read_text())
    files = {name for vendor in listed for name in vendor["files"]}

    assert all(vendor["version"] and vendor["licence"] for vendor in listed)
    assert files == {path.name for path in (STATIC / "vendor").iterdir()} - {"VENDOR.json"}


def test_nothing_points_to_another_host() -> None:
    paths = [*STATIC.rglob("*.css"), *(STATIC / "js").glob("*.js"), *UI.rglob("*.html")]
    allowed = ("http://www.w3.org/2000/svg",)
    found = {
        (path.name, address)
        for path in paths
        for address in re.findall(r"https?://[^\s\"')]+", path.read_text())
        if address not in allowed
    }

    assert found == set()


def test_what_every_page_loads_is_small() -> None:
    every = [*STATIC.glob("*.css"), *(STATIC / "js").glob("*.js"), STATIC / "vendor/htmx.min.js"]
    size = sum(len(gzip.compress(path.read_bytes())) for path in every)

    assert size < PAGE_LIMIT_BYTES / 5
