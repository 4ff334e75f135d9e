"""How property tests run: the same examples every time, and no limit that a busy machine could miss."""

from hypothesis import settings

steady = settings(deadline=None, derandomize=True, database=None)
