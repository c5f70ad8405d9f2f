"""Those who send alerts and take them: each with a ledger that nothing in the product touches."""

import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from watchkeeper.drills.domain.ledgers import Sent
from watchkeeper.drills.domain.script import Planned
from watchkeeper.drills.usecases.provider import now_ms
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.plumbing import egress

SENDERS = 8
_PATIENCE_SECONDS = 60.0
_AGAIN_SECONDS = 0.2


class Senders:
    """Send every planned alert until it is accepted, at a steady pace.

    Args:
        ledger: File that every try is appended to.
        url: Address of the integration.
        a_second: Alerts begun each second.
    """

    def __init__(self, ledger: Path, url: str, *, a_second: float) -> None:
        self.sent: list[Sent] = []
        self._url = url
        self._gap = 1 / a_second
        self._lock = threading.Lock()
        self._ledger = ledger.open("a", encoding="utf-8")
        self._pause = threading.Event()

    def run(self, plan: Sequence[Planned]) -> None:
        """Send all of ``plan`` and return when each is accepted or given up."""
        with ThreadPoolExecutor(SENDERS) as pool:
            begun = clock.monotonic()
            for place, alert in enumerate(plan):
                self._pause.wait(max(0.0, begun + place * self._gap - clock.monotonic()))
                for _ in range(alert.copies):
                    pool.submit(self._insist, alert.key)
        self._ledger.close()

    def _insist(self, key: str) -> None:
        end = clock.monotonic() + _PATIENCE_SECONDS
        while clock.monotonic() < end:
            sent = self._try(key)
            self._note(sent)
            if sent.is_accepted or sent.status in {400, 401, 403, 404, 413, 422}:
                return
            self._pause.wait(_AGAIN_SECONDS)

    def _try(self, key: str) -> Sent:
        began = now_ms()
        body = {"key": key, "title": f"Drill {key}", "severity": "critical", "status": "firing"}
        try:
            answer = egress.request("POST", self._url, trust=egress.Trust.ADMIN, json=body)
        except DependencyError:
            return Sent(key, began, None)
        return Sent(key, began, answer.status)

    def _note(self, sent: Sent) -> None:
        with self._lock:
            self.sent.append(sent)
            line = {"key": sent.key, "at": sent.at, "status": sent.status}
            self._ledger.write(json.dumps(line) + "\n")
            self._ledger.flush()


class Takers:
    """Acknowledge alerts some time after their first call, as people do.

    Args:
        url: Address of the product.
        token: API token of a responder.
        delays: Key of an alert to the seconds from its first call; ``None``: nobody takes it.
    """

    def __init__(self, url: str, token: str, delays: Mapping[str, float | None]) -> None:
        self.acknowledged: dict[str, int] = {}
        self.refused: list[str] = []
        self._url, self._token, self._delays = url, token, delays
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(64)

    def called(self, alerts: list[tuple[str, str]]) -> None:
        """Take note of a call that lists ``alerts``, (id, key) each."""
        with self._lock:
            fresh = [pair for pair in alerts if pair[1] not in self._seen]
            self._seen |= {key for _, key in fresh}
            for alert_id, key in fresh:
                delay = self._delays.get(key)
                if delay is not None and not self._stopped.is_set():
                    self._pool.submit(self._take, alert_id, key, delay)

    def stop(self) -> None:
        """Wait until everything that is to be taken is taken.

        Raises:
            InvalidError: an acknowledgement was refused, so that the drill proves nothing of them.
        """
        self._pool.shutdown(wait=True)
        self._stopped.set()
        if self.refused:
            raise InvalidError(f"An acknowledgement was refused: {self.refused[0]}")

    def _take(self, alert_id: str, key: str, delay: float) -> None:
        self._stopped.wait(delay)
        end = clock.monotonic() + _PATIENCE_SECONDS
        while clock.monotonic() < end:
            try:
                answer = egress.request(
                    "POST",
                    f"{self._url}/api/v1/alerts/acknowledge",
                    trust=egress.Trust.ADMIN,
                    json={"alerts": [alert_id]},
                    headers={"Authorization": f"Bearer {self._token}"},
                )
            except DependencyError:
                self._stopped.wait(_AGAIN_SECONDS)
                continue
            if answer.status < 500:
                with self._lock:
                    self._note(key, answer)
                return
            self._stopped.wait(_AGAIN_SECONDS)

    def _note(self, key: str, answer: egress.Response) -> None:
        if answer.status < 300:
            self.acknowledged[key] = now_ms()
        else:
            self.refused.append(f"{key}: {answer.status} {answer.text[:200]}")
