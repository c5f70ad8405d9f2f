"""Watchkeeper: the one place where an SRE organisation runs its reliability programme."""

__version__ = "0.1.0"
