"""What may be done to maintenance windows."""
