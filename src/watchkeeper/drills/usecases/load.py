"""Those who send alerts and take them: each with a ledger that nothing in the product touches."""

import heapq
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from watchkeeper.drills.domain.ledgers import Sent
from watchkeeper.drills.domain.script import Planned
from watchkeeper.drills.usecases.provider import now_ms
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.plumbing import egress

SENDERS = 8
TAKERS = 16

_PATIENCE_SECONDS = 60.0
_AGAIN_SECONDS = 0.2


class Senders:
    """Send every planned alert until it is accepted, at a steady pace.

    Args:
        ledger: File that every try is appended to.
        url: Address of the integration.
        a_second: Alerts begun each second.
        batch: Alerts in each post.
    """

    def __init__(self, ledger: Path, url: str, *, a_second: float, batch: int = 1) -> None:
        self.sent: list[Sent] = []
        self._url = url
        self._gap = 1 / a_second
        self._batch = batch
        self._lock = threading.Lock()
        self._ledger = ledger.open("a", encoding="utf-8")
        self._pause = threading.Event()

    def run(self, plan: Sequence[Planned]) -> None:
        """Send all of ``plan`` and return when each is accepted or given up."""
        with ThreadPoolExecutor(SENDERS) as pool:
            begun = clock.monotonic()
            for place in range(0, len(plan), self._batch):
                self._pause.wait(max(0.0, begun + place * self._gap - clock.monotonic()))
                post = plan[place : place + self._batch]
                for _ in range(post[0].copies):
                    pool.submit(self._insist, post)
        self._ledger.close()

    def _insist(self, alerts: Sequence[Planned]) -> None:
        end = clock.monotonic() + _PATIENCE_SECONDS
        while clock.monotonic() < end:
            began = now_ms()
            status = self._try(alerts)
            sent = [Sent(alert.key, began, status) for alert in alerts]
            self._note(sent)
            if sent[0].is_accepted or status in {400, 401, 403, 404, 413, 422}:
                return
            self._pause.wait(_AGAIN_SECONDS)

    def _try(self, alerts: Sequence[Planned]) -> int | None:
        """Post alerts, as a list if they are several; return the status, ``None`` without one."""
        events = [
            {
                "key": alert.key,
                "title": f"Drill {alert.key}",
                "service": alert.service,
                "severity": "critical",
                "status": "firing",
            }
            for alert in alerts
        ]
        body = events if len(events) > 1 else events[0]
        try:
            return egress.request("POST", self._url, trust=egress.Trust.ADMIN, json=body).status
        except DependencyError:
            return None

    def _note(self, sent: Sequence[Sent]) -> None:
        with self._lock:
            self.sent += sent
            for each in sent:
                line = {"key": each.key, "at": each.at, "status": each.status}
                self._ledger.write(json.dumps(line) + "\n")
            self._ledger.flush()


class Takers:
    """Acknowledge alerts some time after their first call, as people do.

    Args:
        url: Address of the product.
        token: API token of a responder.
        delays: Key of an alert to the seconds from its first call; ``None``: nobody takes it.
        together: Alerts of one call that somebody takes at one time, at most.
    """

    def __init__(
        self, url: str, token: str, delays: Mapping[str, float | None], *, together: int = 1
    ) -> None:
        self.acknowledged: dict[str, int] = {}
        self.refused: list[str] = []
        self._url, self._token, self._delays = url, token, delays
        self._together = together
        self._seen: set[str] = set()
        self._waiting: list[tuple[float, list[tuple[str, str]]]] = []
        self._is_over = False
        self._changed = threading.Condition()
        self._pause = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(TAKERS)]
        for thread in self._threads:
            thread.start()

    def called(self, alerts: list[tuple[str, str]]) -> None:
        """Take note of a call that lists ``alerts``, (id, key) each."""
        began = clock.monotonic()
        with self._changed:
            fresh = [pair for pair in alerts if pair[1] not in self._seen]
            self._seen |= {key for _, key in fresh}
            for delay, few in self._taken(fresh):
                heapq.heappush(self._waiting, (began + delay, few))
            self._changed.notify_all()

    def _taken(
        self, alerts: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[float, list[tuple[str, str]]]]:
        """Yield what is taken at one time, and after how long."""
        timed = [(self._delays.get(pair[1]), pair) for pair in alerts]
        taken = sorted((delay, pair) for delay, pair in timed if delay is not None)
        for place in range(0, len(taken), self._together):
            few = taken[place : place + self._together]
            yield few[0][0], [pair for _, pair in few]

    def stop(self) -> None:
        """Wait until everything that is to be taken is taken.

        Raises:
            InvalidError: an acknowledgement was refused, so that the drill proves nothing of them.
        """
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        if self.refused:
            raise InvalidError(f"An acknowledgement was refused: {self.refused[0]}")

    def _work(self) -> None:
        while (few := self._next()) is not None:
            self._take(few)

    def _next(self) -> list[tuple[str, str]] | None:
        """Wait for what is to be taken next; ``None``: nothing is any more."""
        with self._changed:
            while True:
                wait = None
                if self._waiting:
                    wait = self._waiting[0][0] - clock.monotonic()
                    if wait <= 0:
                        return heapq.heappop(self._waiting)[1]
                elif self._is_over:
                    return None
                self._changed.wait(wait)

    def _take(self, alerts: Sequence[tuple[str, str]]) -> None:
        end = clock.monotonic() + _PATIENCE_SECONDS
        while clock.monotonic() < end:
            try:
                answer = egress.request(
                    "POST",
                    f"{self._url}/api/v1/alerts/acknowledge",
                    trust=egress.Trust.ADMIN,
                    json={"alerts": [alert_id for alert_id, _ in alerts]},
                    headers={"Authorization": f"Bearer {self._token}"},
                )
            except DependencyError:
                self._pause.wait(_AGAIN_SECONDS)
                continue
            if answer.status < 500:
                with self._changed:
                    self._note([key for _, key in alerts], answer)
                return
            self._pause.wait(_AGAIN_SECONDS)

    def _note(self, keys: Sequence[str], answer: egress.Response) -> None:
        if answer.status < 300:
            self.acknowledged |= dict.fromkeys(keys, now_ms())
        else:
            self.refused.append(f"{keys[0]}: {answer.status} {answer.text[:200]}")
