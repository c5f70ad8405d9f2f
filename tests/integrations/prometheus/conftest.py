"""Servers and a source for the tests of this folder."""

from tests.servers import prometheus, victoria_metrics

__all__ = ["prometheus", "victoria_metrics"]
