"""Pages of SLOs."""
