"""The screen in which one record is edited."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from tui.dialogs.confirm import Confirm
from tui.keys.registry import REGISTRY
from tui.text.content import plain, plain_block
from tui.widgets.fields import Field
from tui.widgets.form import Form
from tui.widgets.key_line import KeyLine
from tui.widgets.steady_text import SteadyText

Record = TypeVar("Record")

Save = Callable[[Mapping[str, Any]], Record | Awaitable[Record]]
"""Saves the values, on a thread of its own: a plain function or an async one."""

_SAVING = "save"


class EditorScreen(Screen[Record | None], Generic[Record]):
    """A title, a form, and ctrl+s to save.

    Ends with what `save` returned, or None when nothing was saved. An exception of `save` that
    has `field` and `message` (as `tui.operations.errors.Refused` has) is shown at that field, any
    other above the form; what was typed stays.
    """

    HELP = """\
An editor. Tab and shift+tab go through the fields; fields with * must be filled in. ctrl+s saves \
and closes. Escape closes without saving, and asks first when something was changed."""

    PLACE = "editor"

    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("editor")]

    DEFAULT_CSS = """
    EditorScreen {
        align-horizontal: center;
        background: $background;
        & > #heading { height: 1; width: 100%; max-width: 100; padding: 0 1; text-style: bold; }
        & > #rule { height: 1; width: 100%; max-width: 100; padding: 0 1; color: $border-blurred; }
        & > #trouble {
            height: auto; max-height: 6; width: 100%; max-width: 100; padding: 0 1 1 1;
            color: $text-error; display: none;
        }
        & > #trouble.-shown { display: block; }
        & Form { width: 100%; max-width: 100; }
    }
    """

    def __init__(
        self,
        heading: str,
        fields: Sequence[Field],
        values: Mapping[str, Any] | None = None,
        *,
        save: Save[Record] | None = None,
    ) -> None:
        """`heading` may hold outside text. A subclass may override `save_values` instead of `save`."""
        super().__init__()
        self.heading = heading
        self.form = Form(fields, values)
        self._save = save
        self._is_saving = False

    # What a subclass may change

    def compose_body(self) -> ComposeResult:
        """What stands between title and footer: the form; a subclass may put more forms in tabs."""
        yield self.form

    def save_values(self, values: Mapping[str, Any]) -> Any:
        """Save, on a thread of its own, and return what the screen is to end with."""
        if self._save is None:
            raise NotImplementedError
        return self._save(values)

    def saved(self, result: Any) -> None:
        """What is to be said of what `save` returned, before the screen ends with it."""

    @property
    def changed(self) -> tuple[str, ...]:
        """The labels of what was changed."""
        return tuple(label for form in self.forms for label in form.changed)

    # The rest

    @property
    def forms(self) -> list[Form]:
        """Every form of the screen."""
        return list(self.walk_children(Form))  # at each key: a query matches styles

    def compose(self) -> ComposeResult:
        yield SteadyText(id="heading")
        yield SteadyText("─" * 98, id="rule")
        yield SteadyText(id="trouble")
        yield from self.compose_body()
        yield KeyLine()

    def on_mount(self) -> None:
        self._show_heading()

    def on_form_changed(self, event: Form.Changed) -> None:
        self._show_heading()

    def _show_heading(self) -> None:
        state = "  · saving…" if self._is_saving else "  · changed" if self.changed else ""
        self.query_one("#heading", Static).update(plain(self.heading) + plain(state).stylize("$text-muted"))

    def _show_trouble(self, sentence: str | None) -> None:
        trouble = self.query_one("#trouble", Static)
        trouble.set_class(bool(sentence), "-shown")
        trouble.update(plain_block(f"✗ {sentence}" if sentence else ""))

    def _set_saving(self, saving: bool) -> None:
        self._is_saving = saving
        for form in self.forms:
            form.disabled = saving
        self._show_heading()

    def action_save(self) -> None:
        """Check what was typed, then save it on a thread."""
        if self._is_saving:
            return
        self._show_trouble(None)
        forms = self.forms
        # The last form with a problem takes the focus, so the first one is checked last.
        problems = [form.check() for form in reversed(forms)]
        if any(problems):
            return
        values = {key: value for form in forms for key, value in form.values().items()}
        self._set_saving(True)
        self.run_worker(
            partial(_saved, self.save_values, values),
            name=_SAVING, group=_SAVING, thread=True, exit_on_error=False,
        )  # fmt: skip

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.name != _SAVING:
            return
        if event.state is WorkerState.SUCCESS:
            self.saved(event.worker.result)
            self.dismiss(event.worker.result)
        elif event.state in (WorkerState.ERROR, WorkerState.CANCELLED):
            self._set_saving(False)
            self._show_error(event.worker.error)

    def _show_error(self, error: BaseException | None) -> None:
        message = getattr(error, "message", None)
        if not isinstance(message, str) or not hasattr(error, "field"):
            self._show_trouble(f"This could not be saved: {str(error) or type(error).__name__}")
            return
        for form in self.forms:
            key = form.find(getattr(error, "field", None))
            if key and form.is_shown(key):
                form.set_error(key, message)
                form.focus_field(key)
                return
        self._show_trouble(message)

    def action_leave(self) -> None:
        """Close; a question comes first when something would be lost."""
        if self._is_saving:
            return
        changed = self.changed
        if not changed:
            self.dismiss(None)
            return
        question = Confirm(
            "Leave without saving?", yes="Leave, lose the changes", no="Go on editing",
            hangs=[f"Changed: {', '.join(changed)}"],
        )  # fmt: skip
        self.app.push_screen(question, self._leave_if)

    def _leave_if(self, answer: str | None) -> None:
        if answer == "yes":
            self.dismiss(None)


async def _saved(save: Callable[[Mapping[str, Any]], Any], values: Mapping[str, Any]) -> Any:
    result = save(values)
    return await result if isinstance(result, Awaitable) else result
