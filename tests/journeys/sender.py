"""A sender of minutes that goes on through kills and remembers what it was promised."""

import threading
import time

from tests.product import Product

FIRST = 1_767_225_600  # 2026-01-01T00:00:00Z


class Sender:
    """Pushes one minute after another and writes down which were accepted."""

    def __init__(self, product: Product, token: str) -> None:
        self.product, self.token = product, token
        self.accepted: dict[int, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        place = 0
        while not self._stop.is_set():
            minute = FIRST + 60 * place
            row = {"time": text_of(minute), "good": place % 50, "total": 50}
            status, _ = self.product.request(
                "POST",
                "/api/v1/slis/checkout/minutes",
                token=self.token,
                body={"minutes": [row]},
            )
            if status == 200:
                self.accepted[minute] = place % 50
                place += 1
            else:
                assert status in {0, 503}, status
                time.sleep(0.05)

    def missing(self) -> list[int]:
        """Return the accepted minutes that the running product does not give back as sent."""
        stored: dict[str, int] = {}
        following = text_of(FIRST)
        while following is not None:
            path = f"/api/v1/slis/checkout/minutes?from={following}"
            _, answer = self.product.request("GET", path, token=self.token)
            stored |= {item["time"]: item["good"] for item in answer["minutes"]}
            following = answer["next"]
        return [at for at, good in self.accepted.items() if stored.get(text_of(at)) != good]


def text_of(second: int) -> str:
    """Return an instant as the API writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
