"""The address that commands put before a link."""

from pathlib import Path

import pytest

from watchkeeper.plumbing import served_address


def test_the_address_served_last_is_recalled(tmp_path: Path) -> None:
    assert served_address.recall(tmp_path) == served_address.DEFAULT

    for url in ("http://127.0.0.1:9000", "https://watch.example.org"):
        served_address.remember(tmp_path, url)

    assert served_address.recall(tmp_path) == "https://watch.example.org"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"javascript:alert(1)"])
def test_a_damaged_note_is_the_default(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "address").write_bytes(content)

    assert served_address.recall(tmp_path) == served_address.DEFAULT


def test_a_folder_that_cannot_be_written_stops_no_server(tmp_path: Path) -> None:
    served_address.remember(tmp_path / "gone", "http://127.0.0.1:9000")
