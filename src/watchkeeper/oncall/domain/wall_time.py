"""Wall time as the kernel has it; schedules know it under this name."""

from watchkeeper.kernel.wall_time import instant_of, shown_at

__all__ = ["instant_of", "shown_at"]
