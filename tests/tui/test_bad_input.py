"""Bad input in every editor: a sentence at the field, what was typed stays, and nothing is changed."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from storage import handlers as stored_handlers
from storage.vocabulary import FieldType
from tests.operations.arrange import make_handler
from tests.tui.double import double
from tests.tui.sections.raising import fire
from tests.tui.support import make_desk, settle
from tui.console.app import ConsoleApp
from tui.dialogs.editor_screen import EditorScreen
from tui.editors.alert import AlertEditor
from tui.editors.field import FieldEditor
from tui.editors.group import GroupEditor
from tui.editors.handler import HandlerEditor
from tui.editors.task import TaskEditor
from tui.editors.user import UserEditor
from tui.editors.user_fields import key_of_field
from tui.messages.send_test import TestSend
from tui.operations import fields, groups
from tui.operations.desk import Desk

Row = tuple[str, Any, str]
"""The field's key, what is entered, and words of the sentence."""

NAMES: Sequence[Row] = (
    ("name", "", "Name"),
    ("name", "   ", "Name"),
    ("name", "12", "only digits"),
    ("name", "id:4", "a meaning of its own"),
    ("name", "+44 20", "telephone numbers"),
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A site with one of everything, each named Taken."""
    made = make_desk(tmp_path / "site")
    fields.add(made, "Mobile", FieldType.TELEPHONE_NUMBER)
    fields.add(made, "Taken", FieldType.TEXT)
    fields.add(made, "Age", FieldType.NUMBER)
    fields.add(made, "Born", FieldType.DATE)
    fields.add(made, "Mail", FieldType.EMAIL)
    groups.add(made, "Taken")
    make_handler(made, "Taken")
    fire(made, name="Taken")
    yield made
    made.database.close()


async def _refused(
    desk: Desk, load: Callable[[Any], Awaitable[EditorScreen[Any]]], good: dict[str, Any], rows: Sequence[Row]
) -> None:
    """Each row in turn, in an editor whose other fields are `good`."""
    async with double(desk) as pilot:
        editor = await load(pilot.app)
        pilot.app.push_screen(editor)
        await settle(pilot, lambda: pilot.app.screen is editor and editor.forms)
        watch = desk.database.watch()
        try:
            for key, value, said in rows:
                first = _form_of(editor, key).value(key)
                _fill(editor, {**good, key: value})
                await pilot.pause()  # what a change says of itself takes an old sentence away
                entered = _form_of(editor, key).value(key)
                editor.action_save()
                await settle(pilot, lambda key=key, said=said: said in _said(editor, key))
                assert pilot.app.screen is editor, f"{key}={value!r} was taken"
                assert _form_of(editor, key).value(key) == entered, f"{key}={value!r} is lost"
                assert not watch.changed(), f"{key}={value!r} changed something"
                _fill(editor, {key: first})
        finally:
            watch.close()


def _form_of(editor: EditorScreen[Any], key: str) -> Any:
    return next(form for form in editor.forms if key in form)


def _fill(editor: EditorScreen[Any], values: dict[str, Any]) -> None:
    for key, value in values.items():
        _form_of(editor, key).set_value(key, value)
    for form in editor.forms:
        form.clear_errors()
    editor._show_trouble(None)


def _said(editor: EditorScreen[Any], key: str) -> str:
    """What stands at the field and above the form, once it is no longer being saved."""
    if editor._is_saving:
        return ""
    above = editor.query_one("#trouble", Static)
    return f"{_form_of(editor, key).error(key) or ''} {above.visual if above.has_class('-shown') else ''}"


async def test_a_handler(desk: Desk) -> None:
    good = {"name": "New", "api_type": "one", "api_key": "a2V5", "retry_rate": 1, "stop_retrying_after": 5}
    rows = [
        *NAMES,
        ("name", "taken", "already"),
        ("api_key", "", "API Key"),
        ("retry_rate", "x", "whole number"),
        ("stop_retrying_after", "-1", "whole number"),
        ("most_parts", "0", "Most parts"),
        ("low_balance", "much", "Low balance"),
        ("base_url", "ftp://x", "Base URL"),
        ("base_url", "http://example.com", "http"),
    ]
    await _refused(desk, lambda app: HandlerEditor.load(app, None), good, rows)


async def test_an_xml_handler(desk: Desk) -> None:
    good = {"name": "New", "api_type": "xml", "user_name": "u", "password": "p", "api_id": "1"}
    rows = [("user_name", "", "User Name"), ("password", "", "Password"), ("api_id", "", "API ID"),
            ("api_uri", "nowhere", "API URI"), ("api_uri", "http://example.com/xml", "http")]  # fmt: skip
    await _refused(desk, lambda app: HandlerEditor.load(app, None), good, rows)


async def test_a_user(desk: Desk) -> None:
    key = {field.name: key_of_field(field) for field in fields.listing(desk)}
    rows = [
        *NAMES,
        (key["Mobile"], "0400 000 000", "country"),
        (key["Mobile"], "hello", "Mobile"),
        (key["Age"], "old", "Age"),
        (key["Born"], "31.2.", "Born"),
        (key["Mail"], "nobody", "Mail"),
    ]
    await _refused(desk, lambda app: UserEditor.load(app, None), {"name": "Ann"}, rows)


async def test_a_group(desk: Desk) -> None:
    rows = [*NAMES, ("name", "TAKEN", "taken"), ("name", "a;b", ";")]
    await _refused(desk, lambda app: GroupEditor.load(app, None), {"name": "New"}, rows)


async def test_a_custom_field(desk: Desk) -> None:
    rows = [*NAMES, ("name", "taken", "taken"), ("name", "a}b", "Name"), ("choices", "", "hoice")]
    good = {"name": "New", "type": FieldType.CHOICE, "choices": "a\nb"}
    await _refused(desk, lambda app: FieldEditor.load(app, None), good, rows)


async def test_an_alert(desk: Desk) -> None:
    rows = [*NAMES, ("name", "TAKEN", "already"), ("priority", "0", "1 to 9"), ("priority", "10", "1 to 9"),
            ("fields", "Zone\nzone", "zone twice"), ("useful_life", "0", "Useful life")]  # fmt: skip
    await _refused(desk, lambda app: AlertEditor.load(app, None), {"name": "New", "priority": 3}, rows)


async def test_a_task(desk: Desk) -> None:
    rows = [
        *NAMES[:3],
        ("cron", "61 * * * *", "Cron"),
        ("cron", "* * * *", "five"),
        ("cron", "", "Cron"),
        ("zone", "Mars/Phobos", "time zone"),
        ("starts_at", "soon", "Start"),
        ("grace", "x", "whole number"),
    ]
    good = {"name": "New", "kind": "cron", "cron": "0 9 * * *", "zone": "Europe/London"}
    await _refused(desk, lambda app: TaskEditor.load(app, None), good, rows)


async def test_a_test_message(desk: Desk) -> None:
    with desk.database.read() as connection:
        (handler, *_) = stored_handlers.listing(connection)

    async def load(app: ConsoleApp) -> EditorScreen[Any]:
        return TestSend(app, handler)

    rows = [("number", "", "Number"), ("number", "0400 000 000", "country"), ("text", "  ", "Message")]
    await _refused(desk, load, {"number": "+44 7700 900123", "text": "Test"}, rows)
