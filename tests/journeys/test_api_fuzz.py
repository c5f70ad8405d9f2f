"""No request that fits the schema, or nearly fits it, gives a server error."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import slo_document
from tests.product import Product
from watchkeeper.plumbing import yaml_documents

EXAMPLES = os.environ.get("WATCHKEEPER_TEST_FUZZ_EXAMPLES", "5")


# The first would end the very token that asks, the second loads 90 days of history.
APART = r"^/api/v1/(tokens/[^/]+|sample)$"


@pytest.mark.parametrize(
    "selection",
    [["--exclude-path-regex", APART], ["--include-path-regex", APART]],
    ids=["all but two", "revoking tokens, loading the sample"],
)
def test_schemathesis_finds_no_server_error(tmp_path: Path, selection: list[str]) -> None:
    product = Product(tmp_path / "data")
    token = product.json("token", "create", "--name", "fuzz", "--role", "admin")["token"]
    slo = tmp_path / "slo.yaml"
    slo.write_text(yaml_documents.dump([slo_document().data]))
    product.run("apply", "-f", str(slo))
    product.start()
    try:
        done = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"), "run",
                f"{product.url}/api/v1/openapi.json",
                "--header", f"Authorization: Bearer {token}",
                "--checks", "not_a_server_error",
                "--max-examples", EXAMPLES,
                "--workers", "1",
                "--seed", "7",
                "--phases", "examples,coverage,fuzzing",
                "--request-timeout", "120",
                "--no-color",
                *selection,
            ],
            cwd=tmp_path,
            env=product.environment(),
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )  # fmt: skip
    finally:
        product.stop()

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested is not None
    assert int(tested[1]) > 0
    assert "returned only 401" not in done.stdout
    assert "Traceback" not in product.log()


@pytest.mark.parametrize("path", ["/", "/api/v1/slos", "/account/login/"])
def test_before_set_up_next_to_nothing_is_served(tmp_path: Path, path: str) -> None:
    product = Product(tmp_path / "data")
    product.start()
    try:
        status = (
            product.request("GET", path)[0] if path.startswith("/api") else _page(product, path)
        )
        assert status == 503
        assert _page(product, "/healthz") == 200
        assert "Sign in for the first time" in product.log()
    finally:
        product.stop()


def _page(product: Product, path: str) -> int:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"{product.url}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
