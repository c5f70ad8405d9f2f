"""Benchmarks, beside their peers where there are any; `make bench` runs them all."""
