"""Drills: what a user may try on an installation of their own."""

from watchkeeper.drills.usecases.paging import Drill, Result, paging

__all__ = ["Drill", "Result", "paging"]
