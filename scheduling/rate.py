"""A handler's own rate limit: so many messages a minute, evenly, with a burst of one second's worth."""

from scheduling.clock import Clock
from storage.records import Handler

NO_LIMIT = 1_000_000


class RateLimits:
    """Token buckets by handler, on the boot-time clock. Waiting for one is no attempt."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[int, tuple[float, float]] = {}

    def allowed(self, handler: Handler) -> int:
        """How many messages may go now."""
        if handler.rate_per_minute is None:
            return NO_LIMIT
        return int(self._refill(handler, handler.rate_per_minute))

    def wait(self, handler: Handler) -> float:
        """Seconds until one more may go."""
        if handler.rate_per_minute is None:
            return 0.0
        missing = 1 - self._refill(handler, handler.rate_per_minute)
        return max(0.0, missing * 60 / handler.rate_per_minute)

    def spend(self, handler: Handler, count: int) -> None:
        if handler.rate_per_minute is not None:
            tokens = self._refill(handler, handler.rate_per_minute)
            self._tokens[handler.id] = (tokens - count, self._clock.boottime())

    def _refill(self, handler: Handler, per_minute: int) -> float:
        now = self._clock.boottime()
        burst = max(1.0, per_minute / 60)
        tokens, since = self._tokens.get(handler.id, (burst, now))
        tokens = min(burst, tokens + (now - since) * per_minute / 60)
        self._tokens[handler.id] = (tokens, now)
        return tokens
