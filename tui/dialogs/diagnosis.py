"""Diagnose: the checks of the troubleshooting table, shown as they come."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState, get_current_worker

from scheduling.diagnose.finding import Finding, Result
from tui.keys.registry import REGISTRY
from tui.operations import diagnose
from tui.operations.diagnose_bench import Scope
from tui.text.content import plain
from tui.widgets.key_line import KeyLine
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

SIGNS = {Result.OK: "✓", Result.WARNING: "▲", Result.PROBLEM: "✗"}
COLOURS = {Result.OK: "$text-success", Result.WARNING: "$text-warning", Result.PROBLEM: "$text-error"}
CHECKING = "Checking… Clickatell is asked for the balance; nothing is sent."
_LABEL = 7
_WORKER = "diagnose"


ORDER = (Result.PROBLEM, Result.WARNING, Result.OK)


def place_of(shown: Sequence[Finding], finding: Finding) -> int:
    """Where a finding belongs among those shown: problems first, and each kind as it came."""
    rank = ORDER.index(finding.result)
    return next((n for n, other in enumerate(shown) if ORDER.index(other.result) > rank), len(shown))


class FindingView(SteadyText):
    """What one check says."""

    DEFAULT_CSS = "FindingView { height: auto; width: 100%; padding: 0 0 1 0; }"

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding_shown(finding))
        self.finding = finding


class Diagnosis(Screen[None]):
    """The checks of the site, or of one handler, user or message."""

    PLACE = "diagnosis"
    HELP = """\
The checks, live; what is wrong stands first. Each says what was tried, what came back, and what to do \
about it. Clickatell is only asked for the balance: that costs nothing, and nothing is sent or changed. \
ctrl+r checks once more."""

    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("diagnosis")]

    DEFAULT_CSS = """
    Diagnosis {
        align-horizontal: center;
        background: $background;
        & > .heading { height: 1; width: 100%; max-width: 110; padding: 0 1; text-style: bold; }
        & > .summary { height: 1; width: 100%; max-width: 110; padding: 0 1; margin: 0 0 1 0; }
        & > VerticalScroll { width: 100%; max-width: 110; padding: 0 1; scrollbar-size-vertical: 1; }
    }
    """

    class Came(Message):
        """A check has answered; `round` tells answers of an earlier run apart."""

        def __init__(self, finding: Finding, round: int) -> None:
            super().__init__()
            self.finding, self.round = finding, round

    def __init__(
        self,
        console: "Console",
        *,
        handler_id: int | None = None,
        user_id: int | None = None,
        message_id: int | None = None,
        name: str = "the site",
    ) -> None:
        """Without an id the whole site is diagnosed; `name` is what it is called."""
        super().__init__()
        self.console = console
        self.scope = Scope(handler_id, user_id, message_id)
        self.what = name
        self.findings: list[Finding] = []
        self.rounds = 0

    def compose(self) -> ComposeResult:
        yield SteadyText(plain(f"Diagnose {self.what}"), classes="heading")
        yield SteadyText(CHECKING, classes="summary")
        yield VerticalScroll()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self.action_again()

    def action_again(self) -> None:
        """Run the checks from the beginning."""
        self.rounds += 1
        self.findings.clear()
        self.query(FindingView).remove()
        self._say(Content(CHECKING))
        number = self.rounds
        self.run_worker(
            lambda: self._check(number),
            name=_WORKER,
            group=_WORKER,
            thread=True,
            exclusive=True,
            exit_on_error=False,
        )

    def _check(self, number: int) -> None:
        """On a thread: every check in turn."""
        desk = self.console.desk
        assert desk is not None
        worker = get_current_worker()
        for finding in diagnose.run(desk, self.scope):
            if worker.is_cancelled:
                return
            self.post_message(self.Came(finding, number))

    def on_diagnosis_came(self, event: Came) -> None:
        if event.round == self.rounds:
            place = place_of(self.findings, event.finding)
            self.findings.insert(place, event.finding)
            pane = self.query_one(VerticalScroll)
            pane.mount(FindingView(event.finding), before=place if place < len(pane.children) else None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.name != _WORKER:
            return
        if event.state is WorkerState.SUCCESS:
            # The last answers are still on their way.
            self.call_later(self._finished)
        elif event.state is WorkerState.ERROR:
            error = event.worker.error
            self._say(plain(f"✗ {getattr(error, 'message', None) or error}").stylize("$text-error"))

    def _finished(self) -> None:
        self._say(summary(self.findings))

    def _say(self, content: Content) -> None:
        self.query_one(".summary", Static).update(content)

    def action_leave(self) -> None:
        self.dismiss(None)


def summary(findings: list[Finding]) -> Content:
    """ "1 problem, 2 warnings, 9 fine"."""
    found = Counter(finding.result for finding in findings)
    problems, warnings = found[Result.PROBLEM], found[Result.WARNING]
    parts = [
        Content.styled(f"✗ {problems} {'problem' if problems == 1 else 'problems'}", "$text-error"),
        Content.styled(f"▲ {warnings} {'warning' if warnings == 1 else 'warnings'}", "$text-warning"),
        Content.styled(f"✓ {found[Result.OK]} fine", "$text-success"),
    ]
    return Content("   ").join(
        part for part, count in zip(parts, (problems, warnings, 1), strict=True) if count
    )


def finding_shown(finding: Finding) -> Content:
    """A check in a few lines: its name, what was tried, what came back, what to do."""
    colour = COLOURS[finding.result]
    about = Content.assemble("  ", plain(finding.about).stylize("$text-muted")) if finding.about else ""
    name = plain(finding.check).stylize("bold")
    lines = [Content.assemble((SIGNS[finding.result], colour), " ", name, about)]
    lines.append(_line("tried", plain(finding.tried).stylize("$text-muted")))
    found = plain(finding.found)
    lines.append(_line("found", found if finding.result is Result.OK else found.stylize(colour)))
    if finding.advice:
        lines.append(_line("do", plain(finding.advice)))
    return Content("\n").join(lines)


def _line(label: str, text: Content) -> Content:
    return Content.assemble("  ", (label.ljust(_LABEL), "$text-muted"), text)
