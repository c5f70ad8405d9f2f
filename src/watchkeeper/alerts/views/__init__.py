"""Pages of alerts, and the doors of senders inside Django."""
