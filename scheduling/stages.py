"""The life of an alert's occurrence: which stage may follow which. Pure; documented in docs/alerts.md.

Created, Claimed, Actioned and Escalated are active: raising the same key again only counts.
Restored and Finalised are over: raising again starts a new occurrence. Besides these steps, which people
take, a claim that runs out leads back to Created or Escalated (`scheduling/answering.py`).
"""

from dataclasses import dataclass

from storage.vocabulary import ACTIVE_STAGES, Stage

# From each stage, the stages that may follow. Claiming a claimed one hands it to someone else.
FOLLOWS: dict[Stage, frozenset[Stage]] = {
    Stage.CREATED: frozenset(
        {Stage.CLAIMED, Stage.ACTIONED, Stage.ESCALATED, Stage.RESTORED, Stage.FINALISED}
    ),
    Stage.CLAIMED: frozenset(
        {Stage.CLAIMED, Stage.ACTIONED, Stage.ESCALATED, Stage.RESTORED, Stage.FINALISED}
    ),
    Stage.ACTIONED: frozenset({Stage.CLAIMED, Stage.ESCALATED, Stage.RESTORED, Stage.FINALISED}),
    Stage.ESCALATED: frozenset({Stage.CLAIMED, Stage.ACTIONED, Stage.RESTORED, Stage.FINALISED}),
    Stage.RESTORED: frozenset({Stage.FINALISED}),
    Stage.FINALISED: frozenset(),
}

# How people and the command line name the step into a stage.
VERBS: dict[Stage, str] = {
    Stage.CREATED: "raise",
    Stage.CLAIMED: "claim",
    Stage.ACTIONED: "action taken",
    Stage.ESCALATED: "escalate",
    Stage.RESTORED: "restore",
    Stage.FINALISED: "finalise",
}

# What has been done to an occurrence that has come into a stage.
DONE: dict[Stage, str] = {
    Stage.CREATED: "raised",
    Stage.CLAIMED: "claimed",
    Stage.ACTIONED: "marked as action taken",
    Stage.ESCALATED: "escalated",
    Stage.RESTORED: "restored",
    Stage.FINALISED: "finalised",
}


NO_LEVEL_LEFT = "no level is left that has an action"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step may not be taken, as a sentence."""

    reason: str


def step(
    present: Stage, wanted: Stage, *, owner: str | None, operator: str, levels_left: bool | None = None
) -> Refusal | None:
    """None when the step may be taken, else why not.

    `levels_left` is whether an escalation would enter a level that has actions; None where the alert has
    neither levels nor a plan: then it escalates once.
    """
    if wanted is Stage.ESCALATED and present in ACTIVE_STAGES and levels_left is not None:
        return None if levels_left else Refusal(NO_LEVEL_LEFT)
    if wanted is Stage.CLAIMED and present is Stage.CLAIMED and owner == operator:
        return Refusal(f"it is already claimed by {owner}")
    if wanted in FOLLOWS[present]:
        return None
    if present is wanted:
        return Refusal(f"it is already {present}")
    allowed = ", ".join(VERBS[stage] for stage in Stage if stage in FOLLOWS[present])
    return Refusal(f"it is {present}: " + (f"it can only be: {allowed}" if allowed else "nothing follows"))
