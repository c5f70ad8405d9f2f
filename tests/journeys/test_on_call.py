"""A person writes a schedule, applies it, and asks who is on call, here and from afar."""

from pathlib import Path

from tests.product import Product

EXAMPLE = """\
apiVersion: watchkeeper/v1
kind: Schedule
metadata: {name: shop-primary}
spec:
  timeZone: America/Chicago
  layers:
    - name: weekdays
      rotation: {unit: week, every: 1, start: 2026-01-05T09:00:00, members: [alice, bob, carol]}
      restrictions: [{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}]
  overrides:
    - {start: 2026-02-03T09:00:00, end: 2026-02-04T09:00:00, person: dave, replaces: bob}
"""


def test_who_is_on_call_is_one_answer_here_and_from_afar(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    (tmp_path / "shop.yaml").write_text(EXAMPLE)
    applied = product.run("apply", "-f", str(tmp_path / "shop.yaml"))
    assert "there is no person dave" in applied.stdout + applied.stderr
    span = ("--from", "2026-02-02T00:00:00Z", "--to", "2026-02-05T00:00:00Z")

    entries = product.json("oncall", "show", "shop-primary", *span)
    standing = product.json("oncall", "who", "--at", "2026-02-03T16:00:00Z")

    assert [(e["start"], e["end"], e["people"], e["layer"]) for e in entries] == [
        ("2026-02-02T15:00:00Z", "2026-02-02T23:00:00Z", ["bob"], "weekdays"),
        ("2026-02-03T15:00:00Z", "2026-02-03T23:00:00Z", ["dave"], "override"),
        ("2026-02-04T15:00:00Z", "2026-02-04T23:00:00Z", ["bob"], "weekdays"),
    ]
    assert standing == [
        {"schedule": "shop-primary", "at": "2026-02-03T16:00:00Z", "people": ["dave"],
         "layer": "override", "until": "2026-02-03T23:00:00Z"}
    ]  # fmt: skip
    token = product.json("token", "create", "--name", "reader", "--role", "viewer")["token"]
    product.start()
    try:
        remote = ("--url", product.url, "--token", token)
        assert product.json("oncall", "show", "shop-primary", *span, *remote) == entries
        assert product.json("oncall", "who", "shop-primary", "--at", "2026-02-03T16:00:00Z",
                            *remote) == standing  # fmt: skip
        words = ("oncall", "override", "shop-primary", "dave")
        far = ("--from", "2190-01-01", "--to", "2190-01-02")
        refused = product.run(*words, *far, *remote, check=False)
        assert refused.returncode == 2
        assert "You may not change schedule shop-primary" in refused.stderr
    finally:
        product.stop()
