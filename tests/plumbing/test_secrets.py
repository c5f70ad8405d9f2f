"""Secrets: sealed, resolved, and never seen in what is logged."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog
from pytest_django.fixtures import Settings

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import logs, redaction, secret_box
from watchkeeper.plumbing.keys import Keyring

CANARY = "k3ep/me out+of=sight ü"


@pytest.fixture(autouse=True)
def _no_known_secrets() -> Iterator[None]:
    redaction.forget()
    yield
    redaction.forget()


@pytest.fixture(autouse=True)
def _secrets_lie_here(settings: Settings, tmp_path: Path) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(
        update={"secret_folders": (str(tmp_path),)}
    )


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(level="info", shape="json", stream=stream)
    yield stream
    logs.configure(level="info", shape="text")


def test_a_sealed_secret_opens_in_its_context_only() -> None:
    sealed = secret_box.seal(CANARY, context="source 1 password")

    assert CANARY not in sealed
    assert secret_box.open_sealed(sealed, context="source 1 password") == CANARY
    with pytest.raises(InvalidError, match="was changed"):
        secret_box.open_sealed(sealed, context="source 2 password")


def test_the_same_secret_is_never_sealed_the_same_way_twice() -> None:
    assert secret_box.seal("x", context="c") != secret_box.seal("x", context="c")


@pytest.mark.parametrize("place", range(3, 60, 7))
def test_a_changed_letter_is_noticed(place: int) -> None:
    sealed = secret_box.seal(CANARY, context="c")
    changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]

    with pytest.raises(InvalidError):
        secret_box.open_sealed(changed, context="c")


@pytest.mark.parametrize("text", ["", "wk1", "wk1..", "wk1.0011223344556677.", "plain text"])
def test_what_is_no_sealed_secret_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        secret_box.open_sealed(text, context="c")


def test_another_key_is_told_from_a_changed_secret(settings: Settings, tmp_path: Path) -> None:
    sealed = secret_box.seal(CANARY, context="c")
    settings.WATCHKEEPER_KEY_FILE = tmp_path / "other.key"
    Keyring.load_or_make(tmp_path / "other.key")

    with pytest.raises(InvalidError, match="another key"):
        secret_box.open_sealed(sealed, context="c")


def test_without_a_key_file_nothing_is_sealed(settings: Settings, tmp_path: Path) -> None:
    settings.WATCHKEEPER_KEY_FILE = tmp_path / "none.key"

    with pytest.raises(InvalidError, match="no key file"):
        secret_box.seal(CANARY, context="c")


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(InvalidError, match="Unicode"):
        secret_box.seal("\ud800", context="c")


def test_references_are_resolved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROMETHEUS_PASSWORD", "from-env")
    (tmp_path / "token").write_text("from-file\n")

    assert secret_box.resolve("${env:PROMETHEUS_PASSWORD}") == "from-env"
    assert secret_box.resolve(f"Bearer ${{file:{tmp_path / 'token'}}}") == "Bearer from-file"
    assert secret_box.resolve("$PLAIN ${other:x}") == "$PLAIN ${other:x}"
    assert secret_box.is_reference("${env:A}")
    assert not secret_box.is_reference("x${env:A}")


def test_what_a_reference_names_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "long").write_bytes(b"x" * 70_000)

    for value, words in {
        "${env:WK_NOT_SET}": "WK_NOT_SET is not set",
        f"${{file:{tmp_path / 'none'}}}": "cannot be read",
        f"${{file:{tmp_path}}}": "not a file",
        f"${{file:{tmp_path / 'binary'}}}": "not UTF-8",
        f"${{file:{tmp_path / 'long'}}}": "longer than",
        "${file:a\0b}": "cannot be read",
    }.items():
        with pytest.raises(InvalidError, match=words):
            secret_box.resolve(value)


def test_the_key_file_is_never_given_away(settings: Settings, tmp_path: Path) -> None:
    link = tmp_path / "innocent"
    link.symlink_to(settings.WATCHKEEPER_KEY_FILE)

    for path in (settings.WATCHKEEPER_KEY_FILE, link):
        with pytest.raises(InvalidError, match="own key file"):
            secret_box.resolve(f"${{file:{path}}}")


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        CANARY[:9],
        quote(CANARY, safe=""),
        json.dumps(CANARY),
        CANARY.encode().hex(),
        base64.b64encode(CANARY.encode()).decode(),
        base64.urlsafe_b64encode(CANARY.encode()).decode(),
    ],
    ids=["plain", "beginning", "url", "json", "hex", "base64", "base64url"],
)
def test_an_opened_secret_is_masked_in_every_form(form: str) -> None:
    sealed = secret_box.seal(CANARY, context="c")
    redaction.forget()
    secret_box.open_sealed(sealed, context="c")

    text = redaction.cleaned(f"before {form} after, and {form}")

    assert form not in text
    assert text.startswith("before ")
    assert " after, and " in text


@pytest.mark.parametrize(
    "text",
    [
        "token wk_api_0123456789abcdefghij sent",
        "Authorization: Bearer abcdefgh.ijkl-mnop",
        "postgresql://user:hunter22@db:5432/x",
    ],
)
def test_tokens_and_credentials_are_masked_unknown_as_they_are(text: str) -> None:
    assert redaction.MASK in redaction.cleaned(text)
    assert "hunter22" not in redaction.cleaned(text)
    assert "abcdefgh" not in redaction.cleaned(text)


def test_plain_words_are_left_alone() -> None:
    redaction.remember("abc")

    text = "GET /api/v1/slos?cursor=abc 200 https://a.example/x@y"
    assert redaction.cleaned(text) == text


def test_log_lines_hold_no_secret_in_text_fields_or_tracebacks(log: io.StringIO) -> None:
    redaction.remember(CANARY)
    logger = structlog.get_logger("watchkeeper.test")

    logger.info("sent", password="hunter22", nested={"api_key": "hunter22", "x": CANARY})
    logging.getLogger("watchkeeper.other").warning("value %s", CANARY)
    logger.error("failed", exc_info=RuntimeError(f"it holds {CANARY}"))

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["sent", f"value {redaction.MASK}", "failed"]
    assert "RuntimeError" in lines[2]["exception"]
    assert CANARY not in log.getvalue()
    assert "hunter22" not in log.getvalue()


def test_commands_log_to_a_file_and_not_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.to_file(tmp_path / "commands.log")
    structlog.get_logger("watchkeeper.test").error("something")
    logs.to_file(None)
    structlog.get_logger("watchkeeper.test").error("nothing")
    logs.configure(level="info", shape="text")

    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "commands.log").read_text().count("\n") == 1


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../outside", "/proc/self/environ", "a/../../outside", "link"]
)
def test_a_file_outside_the_folders_for_secrets_is_not_given_away(
    path: str, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "outside").write_text(CANARY)
    (folder / "link").symlink_to(tmp_path / "outside")
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(
        update={"secret_folders": (str(folder),)}
    )

    text = f"Bearer ${{file:{path}}}"
    with pytest.raises(InvalidError, match="WATCHKEEPER_SECRET_FOLDERS"):
        secret_box.check_references(text)
    secret_box.check_references(text, any_file=True)


def test_by_default_files_lie_in_the_folder_beside_the_data(
    settings: Settings, tmp_path: Path
) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(
        update={"secret_folders": (), "data": tmp_path}
    )
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "..data").mkdir()
    (tmp_path / "secrets" / "..data" / "token").write_text("from a mount")
    (tmp_path / "secrets" / "token").symlink_to("..data/token")

    assert secret_box.resolve("${file:token}") == "from a mount"
    assert secret_box.resolve(f"${{file:{tmp_path}/secrets/token}}") == "from a mount"


@pytest.mark.parametrize("name", ["WATCHKEEPER_DATABASE_URL", "watchkeeper_token"])
def test_our_own_settings_are_not_given_away(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, CANARY)

    for ask in (secret_box.resolve, secret_box.check_references):
        with pytest.raises(InvalidError, match="not given away"):
            ask(f"${{env:{name}}}")


def test_references_are_looked_for_at_any_depth() -> None:
    secret_box.check_references({"headers": [{"X": "${env:NOT_SET_YET}"}], "url": "http://a"})
    with pytest.raises(InvalidError, match="is not below"):
        secret_box.check_references({"headers": [{"X": "${file:/etc/passwd}"}]})
