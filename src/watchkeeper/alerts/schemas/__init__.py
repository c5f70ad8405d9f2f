"""The JSON of alerts."""
