"""Pages by mail, beside a mail server that can be told to misbehave."""

import contextlib
import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage

import pytest
from pytest_django.fixtures import Settings

from watchkeeper.integrations.email.adapter import EmailChannel
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.notifications.domain.outcomes import Outcome
from watchkeeper.notifications.ports import Message, PagedAlert, Recipient
from watchkeeper.plumbing.egress import mail

ALERT = PagedAlert("17", "disk-full", "Disk full\r\nBcc: x@example.org", "shop")
MESSAGE = Message(
    page_id="p1",
    may_repeat=False,
    person="alice",
    step=0,
    urgency="high",
    title="Disk full\r\nBcc: x@example.org",
    url="https://w.example.org/alerts/17",
    alerts=(ALERT,),
)
TO = Recipient("alice@example.org")


@dataclass
class MailServer:
    """A server of SMTP that answers as it is told.

    Attributes:
        answers: What is said to a command instead of all being well; ``cut`` breaks off.
        extensions: What it offers.
    """

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    received: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rwb") as file:
            self._say(file, "hello", "220 ready")
            while line := file.readline():
                text = line.decode().strip()
                self.commands.append(text)
                word = text.partition(" ")[0].lower()
                if word == "ehlo":
                    lines = ["fake", *self.extensions]
                    for extension in lines[:-1]:
                        self._write(file, f"250-{extension}")
                    self._write(file, f"250 {lines[-1]}")
                elif word == "data":
                    self._say(file, "data", "354 go on")
                    if "data" in self.answers:
                        continue
                    self.received.append(self._body(file))
                    self._say(file, "end", "250 taken")
                else:
                    self._say(file, word, "221 bye" if word == "quit" else "250 well")

    def _body(self, file: object) -> bytes:
        lines = []
        while (line := file.readline()) not in (b".\r\n", b""):  # type: ignore[attr-defined]
            lines.append(line)
        return b"".join(lines)

    def _say(self, file: object, word: str, well: str) -> None:
        answer = self.answers.get(word, well)
        if answer == "cut":
            raise OSError
        if answer == "sleep":
            threading.Event().wait(5)
        self._write(file, answer)

    def _write(self, file: object, line: str) -> None:
        file.write(f"{line}\r\n".encode())  # type: ignore[attr-defined]
        file.flush()  # type: ignore[attr-defined]


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    made = MailServer(listener.getsockname()[1])

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=made.serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    change = {"smtp_url": f"smtp://127.0.0.1:{made.port}", "mail_from": "wk@example.org"}
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update=change)
    yield made
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(timeout=5)


def read(server: MailServer) -> EmailMessage:
    [body] = server.received
    found = email.message_from_bytes(body, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_page_by_mail_has_a_subject_a_link_and_an_id_of_its_own(server: MailServer) -> None:
    result = EmailChannel().send(MESSAGE, TO)

    assert result.outcome is Outcome.ACCEPTED, result.detail
    found = read(server)
    assert found["Subject"] == "Disk full Bcc: x@example.org [shop]"
    assert (found["To"], found["Message-ID"]) == ("alice@example.org", "<p1@example.org>")
    assert found["Bcc"] is None
    assert "https://w.example.org/alerts/17" in found.get_content()
    assert [c for c in server.commands if c.lower().startswith("rcpt")] == [
        "rcpt TO:<alice@example.org>"
    ]


def test_a_page_by_mail_can_be_answered_by_its_link(server: MailServer) -> None:
    EmailChannel().send(replace(MESSAGE, act_url="https://w.example.org/p/p1.x"), TO)

    words = read(server).get_content()
    assert "Acknowledge: https://w.example.org/p/p1.x" in words
    assert "Everything about it: https://w.example.org/alerts/17" in words


def test_a_repeat_says_so_under_the_same_id(server: MailServer) -> None:
    EmailChannel().send(
        Message("p1", True, "alice", 0, "high", "Disk full", MESSAGE.url, (ALERT,)), TO
    )

    found = read(server)
    assert found["Subject"].endswith("(may repeat)")
    assert found["Message-ID"] == "<p1@example.org>"


@pytest.mark.parametrize(
    ("word", "answer", "outcome"),
    [
        ("hello", "554 go away", Outcome.PERMANENT),
        ("hello", "421 busy", Outcome.TEMPORARY),
        ("hello", "cut", Outcome.TEMPORARY),
        ("mail", "451 later", Outcome.TEMPORARY),
        ("rcpt", "550 nobody of that name", Outcome.PERMANENT),
        ("rcpt", "450 greylisted", Outcome.TEMPORARY),
        ("data", "554 no", Outcome.PERMANENT),
        ("end", "452 full", Outcome.TEMPORARY),
        ("quit", "421 busy", Outcome.ACCEPTED),
        ("quit", "cut", Outcome.ACCEPTED),
        ("end", "cut", Outcome.TEMPORARY),
    ],
)
def test_what_a_server_says_is_for_now_or_for_good(
    server: MailServer, word: str, answer: str, outcome: Outcome
) -> None:
    server.answers[word] = answer

    result = EmailChannel().send(MESSAGE, TO)

    assert result.outcome is outcome, result.detail


def test_a_server_that_says_nothing_is_given_eight_seconds(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.3)
    server.answers["mail"] = "sleep"

    assert EmailChannel().send(MESSAGE, TO).outcome is Outcome.TEMPORARY


def test_nothing_goes_in_clear_to_a_server_elsewhere(server: MailServer) -> None:
    elsewhere = mail.MailServer("127.0.0.1", server.port, is_implicit=False, needs_tls=True)

    with pytest.raises(DependencyError, match="in clear") as caught:
        mail.send(EmailMessage(), server=elsewhere)

    assert caught.value.permanent
    assert server.received == []


def test_a_server_that_is_not_there_is_a_fault_for_now(
    settings: Settings, server: MailServer
) -> None:
    change = {"smtp_url": "smtp://127.0.0.1:1"}
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update=change)

    assert EmailChannel().send(MESSAGE, TO).outcome is Outcome.TEMPORARY


@pytest.mark.parametrize("url", ["", "http://x", "smtp://", "smtp://x:port"])
def test_an_address_of_a_server_that_cannot_be(url: str) -> None:
    with pytest.raises(InvalidError, match="WATCHKEEPER_SMTP_URL"):
        mail.server_of(url)


def test_where_tls_is_needed() -> None:
    assert mail.server_of("smtp://mail.example.org").needs_tls
    assert not mail.server_of("smtp://mail.example.org:25/?tls=none").needs_tls
    assert mail.server_of("smtps://u%40x:p%3A@mail.example.org").password == "p:"
    assert "p:" not in repr(mail.server_of("smtps://u:p%3A@mail.example.org"))


def test_a_call_of_many_lists_them_under_one_subject(server: MailServer) -> None:
    alerts = tuple(PagedAlert(str(n), f"k{n}", f"Alert {n}", "shop") for n in range(250))

    EmailChannel().send(replace(MESSAGE, alerts=alerts, title="Disk full"), TO)

    found = read(server)
    assert found["Subject"] == "250 alerts, the gravest: Disk full [shop]"
    words = found.get_content()
    assert "- Alert 0 [shop]" in words
    assert "- Alert 199 [shop]\nand 50 more" in words.replace("\r", "")
