"""Kept message texts."""

import pytest

from tui.operations import message_templates as templates
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused


def test_add_edit_remove(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    made = templates.add(desk, " Site  closed ", "Hello {Name}\r\nThe site is closed.").template
    assert (made.name, made.text) == ("Site closed", "Hello {Name}\nThe site is closed.")
    edited = templates.edit(desk, made.id, text="Closed.").template
    assert (edited.name, edited.text) == ("Site closed", "Closed.")
    assert templates.edit(desk, made.id, name="SITE CLOSED").template.name == "SITE CLOSED"
    templates.edit(desk, made.id, text="Closed.")
    templates.remove(desk, made.id)
    assert templates.listing(desk) == []
    assert texts()[-4:] == [
        "message template Site closed added",
        "message template Site closed changed: text",
        "message template Site closed changed: name now SITE CLOSED",
        "message template SITE CLOSED removed",
    ]
    templates.add(desk, "Site closed", "again")


def test_refused(desk: Desk, viewer: Desk) -> None:
    made = templates.add(desk, "A text", "x").template
    for name, text, field in (
        ("a TEXT", "y", "Name"), ("7", "y", "Name"), ("B", " ", "Message"), ("B", "x" * 10_001, "Message"),
    ):  # fmt: skip
        with pytest.raises(Refused) as caught:
            templates.add(desk, name, text)
        assert caught.value.field == field
    other = templates.add(desk, "Other", "x").template
    with pytest.raises(Refused, match="already"):
        templates.edit(desk, other.id, name="a text")
    with pytest.raises(NotAllowed):
        templates.remove(viewer, made.id)
    with pytest.raises(Refused, match="removed meanwhile"):
        templates.edit(desk, 99, text="x")
    assert [template.name for template in templates.listing(desk)] == ["A text", "Other"]


def test_unknown_fields_are_a_warning(desk: Desk) -> None:
    (warning,) = templates.add(desk, "T", "{Nmae}").warnings
    assert "did you mean {Name}?" in warning


def test_by_name_or_id(desk: Desk) -> None:
    made = templates.add(desk, "Site closed", "x").template
    with desk.database.read() as connection:
        assert templates.named(connection, "site CLOSED") == templates.named(connection, str(made.id)) == made
        with pytest.raises(Refused, match='did you mean "Site closed"'):
            templates.named(connection, "Site close")
