"""Pages of changes."""
