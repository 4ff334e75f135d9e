"""How often the engine looks, and how long it waits."""

from dataclasses import dataclass

from scheduling.leadership import BEAT_EVERY, LEASE_LIFE


@dataclass(frozen=True, slots=True)
class Timing:
    """How often the engine looks and how long it waits, in seconds. Tests shorten these."""

    lease_life: float = LEASE_LIFE
    beat_every: float = BEAT_EVERY
    standby_every: float = 0.5
    look_every: float = 0.25
    rest_at_most: float = 5.0
    check_every: float = 1.0
    report_every: float = 5.0
    head_every: float = 60.0
    audit_every: float = 60.0
    metrics_every: float = 15.0
    drain: float = 30.0
    longest_round: float = 90.0  # a loop that works on for longer than that counts as stalled
    sweep_after: float = 32.0  # the longest call and two seconds: then a silent holder's calls are over

    def rests(self) -> dict[str, float]:
        """Seconds that each loop rests between two rounds, by the loops that the watchdog asks about.

        The metrics are not among them: a figure that cannot be written is no reason to end a sender.
        """
        return {
            "lease": max(self.beat_every, self.standby_every),
            "work": max(self.rest_at_most, self.standby_every),
            "listen": self.look_every,
            "monitor": self.check_every,
            "reports": self.report_every,
            "head": self.head_every,
            "audit": self.audit_every,
        }
