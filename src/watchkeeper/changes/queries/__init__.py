"""What may be read of maintenance windows."""
