"""JSON doors of alerts."""
