"""Real servers for journeys."""

from tests.servers import prometheus

__all__ = ["prometheus"]
