"""A question that names what hangs on the answer. The answer it begins with is the safe one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.text.content import plain, plain_block
from tui.widgets.reverse import KeepsReverse
from tui.widgets.steady_text import SteadyText

MOST_CONSEQUENCES = 8


@dataclass(frozen=True)
class Answer:
    """One way to answer: the id the dialog ends with, and what it says."""

    id: str
    label: str


class Answers(KeepsReverse, OptionList):
    """The answers below the question."""


class Question(ModalScreen[str]):
    """Ends with the id of the answer chosen; escape gives the safe one, which is chosen at first.

    `hangs` are short sentences on what the answer brings about ("3 messages wait on it"); all
    texts may be outside text.
    """

    HELP = """\
A question. The arrow keys choose an answer and enter gives it; escape or n gives the answer that \
changes nothing, y the other where there are two."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "safe", "Back", show=False),
        Binding("y", "yes", "Yes", show=False),
    ]

    DEFAULT_CSS = """
    Question {
        align: center middle;
        background: transparent;
        & > Vertical {
            width: auto;
            min-width: 40;
            max-width: 76;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            border: round $border;
            background: $surface;
        }
        & Static { width: auto; max-width: 70; height: auto; }
        & #question { text-style: bold; padding: 0 0 1 0; }
        & #about { padding: 0 0 1 0; }
        & #hangs { color: $text-warning; padding: 0 0 1 0; }
        & OptionList {
            width: auto;
            height: auto;
            max-height: 8;
            border: none;
            padding: 0;
            background: transparent;
        }
        & OptionList:focus { border: none; background-tint: $foreground 0%; }
        &:ansi > Vertical { background: ansi_default; }
        &:nocolor .option-list--option-highlighted { text-style: reverse; }
    }
    """

    def __init__(
        self,
        question: str,
        answers: Sequence[Answer],
        *,
        safe: str,
        first: str | None = None,
        hangs: Sequence[str] = (),
        about: Content | None = None,
    ) -> None:
        """`safe` is the id of the answer that changes nothing, `first` the one chosen at first.

        `about` shows in full what the question is about, `hangs` what comes of it.
        """
        super().__init__()
        self.question, self.answers, self.safe, self.hangs = question, tuple(answers), safe, tuple(hangs)
        self.about = about
        self.first = safe if first is None else first

    def compose(self) -> ComposeResult:
        with Vertical():
            yield SteadyText(plain_block(self.question), id="question")
            if self.about is not None:
                yield SteadyText(self.about, id="about")
            if self.hangs:
                yield SteadyText(plain_block("\n".join(self._consequences())), id="hangs")
            yield Answers(
                *(Option(self._said(answer), id=answer.id) for answer in self.answers),
                markup=False,
            )

    @property
    def _yes(self) -> str | None:
        """The one answer that is not the safe one; None where there are several."""
        others = [answer.id for answer in self.answers if answer.id != self.safe]
        return others[0] if len(others) == 1 else None

    def _said(self, answer: Answer) -> Content:
        key = "n" if answer.id == self.safe else "y" if answer.id == self._yes else ""
        return Content.assemble(plain(answer.label, width=60), (f"  {key}", "$text-muted") if key else "")

    def _consequences(self) -> list[str]:
        shown = [f"▲ {plain(sentence)}" for sentence in self.hangs[:MOST_CONSEQUENCES]]
        more = len(self.hangs) - len(shown)
        return [*shown, f"  and {more} more"] if more else shown

    def on_mount(self) -> None:
        options = self.query_one(Answers)
        options.highlighted = next(
            (index for index, answer in enumerate(self.answers) if answer.id == self.first), 0
        )
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id or self.safe)

    def action_safe(self) -> None:
        self.dismiss(self.safe)

    def action_yes(self) -> None:
        if self._yes is not None:
            self.dismiss(self._yes)


class Confirm(Question):
    """A question with two answers; ends with `"yes"` or `"no"`, and no is the safe one."""

    def __init__(
        self,
        question: str,
        *,
        yes: str,
        no: str = "Cancel",
        hangs: Sequence[str] = (),
        about: Content | None = None,
    ) -> None:
        """`yes` and `no` say what happens ("Delete", "Keep"), not just yes and no."""
        super().__init__(
            question, (Answer("no", no), Answer("yes", yes)), safe="no", hangs=hangs, about=about
        )
