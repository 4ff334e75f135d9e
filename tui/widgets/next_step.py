"""The line on a new site that says what is missing before a first message, and makes it."""

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content

from storage.vocabulary import Role
from tui.keys.registry import REGISTRY
from tui.operations.first_steps import FirstStep, Missing
from tui.text.content import plain
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from storage.vocabulary import Role

ACTION = "main.next_step"
LONGEST_NAME = 24

_MAKES = {
    FirstStep.HANDLER: "adds one",
    FirstStep.FIELD: "makes one",
    FirstStep.NUMBER: "adds one",
    FirstStep.MESSAGE: "writes the first message",
}
NEEDS = {FirstStep.HANDLER: Role.ADMINISTRATOR, FirstStep.FIELD: Role.ADMINISTRATOR}
"""The role that a step needs, where it is more than an operator."""


class NextStep(SteadyText):
    """Hidden when nothing is missing. A click does what its key does."""

    DEFAULT_CSS = """
    NextStep { height: 1; padding: 0 1; background: $panel; color: $text-warning; display: none; }
    NextStep:ansi { background: ansi_default; }
    NextStep.-shown { display: block; }
    """

    def say(self, missing: Missing | None, role: Role) -> None:
        """Show the next step, and whoever may not take it who can."""
        self.set_class(missing is not None, "-shown")
        if missing is not None:
            self.update(sentence(missing, role))

    async def on_click(self, event: events.Click) -> None:
        event.stop()
        await self.run_action(f"screen.{REGISTRY[ACTION].action}")


def sentence(missing: Missing, role: Role) -> Content:
    """`Step 2 of 4  ▲ No Telephone Number field yet   f7 makes one`."""
    need = NEEDS.get(missing.step, Role.OPERATOR)
    key = (REGISTRY.shown_keys(ACTION) or ("a click",))[0]
    makes = "enters it" if missing.step is FirstStep.NUMBER and missing.user_id else _MAKES[missing.step]
    offer = Content.styled(f"{key} {makes}", "bold $text-accent")
    if not role.allows(need):
        offer = Content.styled(f"needs an {need}", "$text-muted")
    place = Content.styled(f"Step {missing.step} of {len(FirstStep)}  ", "$text-muted")
    return Content.assemble(place, _said(missing), "   ", offer)


def _said(missing: Missing) -> Content:
    if missing.step is FirstStep.HANDLER:
        return Content("▲ No handler yet: an account at Clickatell")
    if missing.step is FirstStep.FIELD:
        return Content("▲ No Telephone Number field yet")
    if missing.step is FirstStep.MESSAGE:
        return Content.styled("✓ All is there to send with", "$text-success")
    if missing.user_id is None:
        return Content("▲ No user with a number yet")
    return Content.assemble("▲ ", plain(missing.user, width=LONGEST_NAME), " has no number")
