"""How long a start takes, and how much memory the whole product holds after it."""

import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench import house

SETTLED_SECONDS = 20


def main() -> None:
    """Start the product in a fresh folder, again in the same one, and with the sample."""
    from tests.product import Product

    print("watchkeeper up, until /readyz says yes, SQLite")
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        plain, sample = Product(Path(folder) / "plain"), Product(Path(folder) / "sample")
        for words, product, options, bound in (
            ("first start", plain, (), 20),
            ("warm", plain, (), 5),
            ("first start with the sample", sample, ("--sample",), 40),
            ("warm with the sample", sample, ("--sample",), 5),
        ):
            taken = _ready(product, options)
            time.sleep(SETTLED_SECONDS)
            assert product.process is not None
            held = house.resident_mebibytes(product.process.pid)
            product.stop()
            print(
                f"  {words:30} {taken:6.1f} s   bound {bound} s   ratio {taken / bound:.2f}"
                f"   {held:6.0f} MiB resident   bound 250 MiB"
            )


def _ready(product: "object", options: tuple[str, ...]) -> float:
    """Return the seconds from the command to the first yes."""
    from tests.product import Product

    assert isinstance(product, Product)
    begun = time.perf_counter()
    product.start(*options)
    while True:
        try:
            with urllib.request.urlopen(f"{product.url}/readyz", timeout=5):
                return time.perf_counter() - begun
        except urllib.error.HTTPError:
            time.sleep(0.05)


if __name__ == "__main__":
    main()
