"""Users from and to CSV files in the console: the preview, all or nothing, and the file written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import ProgressBar

from tests.tui.kit.hostile import HOSTILE
from tests.tui.sections.people import JOE, add_people, desk_at, rows_are, user_named
from tests.tui.support import console, screen_text, settle, shown, told
from tui.dialogs.confirm import Confirm
from tui.operations import groups, users
from tui.operations.desk import Desk
from tui.operations.local_files import OwnFolder
from tui.text.plain import plain_str
from tui.users import import_users
from tui.users.export_users import ExportUsers
from tui.users.import_users import FileInput, ImportUsers, PreviewTable
from tui.widgets.inputs import YesNo


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path) as made:
        add_people(made)
        yield made


def csv_file(folder: Path, *lines: str) -> Path:
    path = folder / "people.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


async def opened(pilot: Pilot[Any]) -> ImportUsers:
    await rows_are(pilot, 3)
    await pilot.press("I")
    screen: ImportUsers = await shown(pilot, ImportUsers)
    return screen


async def looked(pilot: Pilot[Any], screen: ImportUsers, path: Path | str) -> PreviewTable:
    """Name the file and read it by enter; the preview."""
    screen.query_one(FileInput).value = str(path)
    await pilot.press("enter")
    table = screen.query_one(PreviewTable)
    await settle(pilot, lambda: screen._read_file is not None and table.is_read)
    return table


def lines(table: PreviewTable) -> list[tuple[str, ...]]:
    rows = [table.row_at(index) for index in range(table.count)]
    return [tuple(getattr(cell, "plain", cell) for cell in row.cells) for row in rows if row]


def flat(pilot: Pilot[Any]) -> str:
    return " ".join(screen_text(pilot).split())


async def test_users_are_imported_by_keys_after_a_look(desk: Desk, tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "name,MOBILE,Groups",
        "joe hart,+61 400 000 009,Ops;Night",
        "Zed,+61 411 222 333,",
        "Bob,,",
    )
    async with console(desk, section="users") as pilot:
        screen = await opened(pilot)
        table = await looked(pilot, screen, path)
        assert lines(table) == [
            ("2", "~ changed", "Joe Hart",
             "name now joe hart; Mobile +44 7400 123456 → +61 400 000 009; joined Night"),
            ("3", "+ added", "Zed", "Mobile +61 411 222 333"),
            ("4", "· unchanged", "Bob", "–"),
        ]  # fmt: skip
        await settle(pilot, lambda: "1 added, 1 changed, 1 unchanged; new groups: Night" in flat(pilot))
        assert "name → Name · MOBILE → Mobile (Telephone Number) · Groups" in flat(pilot)
        assert "Line 2: name now joe hart;" in flat(pilot)
        assert users.count(desk) == 3
        await pilot.press("ctrl+s")
        await rows_are(pilot, 4)
        assert "Imported from people.csv: 1 added, 1 changed, 1 unchanged; new groups: Night" in told(pilot)
    assert user_named(desk, "joe hart").groups == ("Night", "Ops")


async def test_one_bad_line_stops_all_and_is_named(desk: Desk, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "Name,Mobile,Shift", "Zed,0411 222 333,Day", "Yan,+61411222333,Dusk", "Xi,,")
    async with console(desk, section="users") as pilot:
        screen = await opened(pilot)
        table = await looked(pilot, screen, path)
        assert [line[:3] for line in lines(table)] == [("2", "✗ refused", "Zed"), ("3", "✗ refused", "Yan")]
        assert '"0411 222 333" needs the country calling code' in lines(table)[0][3]
        await settle(pilot, lambda: "Nothing is imported before" in flat(pilot))
        await pilot.press("ctrl+s")
        assert pilot.app.screen is screen
        await pilot.press("f4")
        await settle(pilot, lambda: table.is_read and [line[1] for line in lines(table)] == ["+ added"])
        # Mended in the file, and read again.
        csv_file(tmp_path, "Name,Mobile", "Zed,+61411222333")
        await pilot.press("f5")
        await settle(pilot, lambda: "1 added, 0 changed, 0 unchanged" in flat(pilot))
        await pilot.press("ctrl+s")
        await rows_are(pilot, 4)
    assert [user.name for user in users.page(desk)] == ["Ann Lee", "Bob", "Joe Hart", "Zed"]


async def test_unknown_columns_are_shown_and_may_be_passed_over(desk: Desk, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "Name,Fax", "Zed,1")
    async with console(desk, section="users") as pilot:
        screen = await opened(pilot)
        await looked(pilot, screen, path)
        await settle(pilot, lambda: "▲ Fax: not known" in flat(pilot))
        assert 'This column is not known: "Fax"' in flat(pilot)
        assert not screen._ready
        screen.query_one(YesNo).focus()
        await pilot.press("space")
        await settle(pilot, lambda: "Fax: passed over" in flat(pilot) and screen._ready)
        # Another file name: what was read is of no use any more.
        screen.query_one(FileInput).value = "other.csv"
        await settle(pilot, lambda: not screen._ready)


async def test_what_is_no_use_is_said(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff\x00")
    (tmp_path / "empty.csv").write_bytes(b"")
    wrong = {
        "": "File is needed",
        str(tmp_path / "gone.csv"): "cannot be read (No such file",
        str(tmp_path): "is no file",
        str(tmp_path / "picture.csv"): "is not UTF-8 text",
        str(tmp_path / "empty.csv"): "the file is empty",
    }
    async with console(desk, section="users", size=(160, 50)) as pilot:
        screen = await opened(pilot)
        for typed, said in wrong.items():
            screen.query_one(FileInput).value = typed
            await pilot.press("enter")
            await settle(pilot, lambda said=said: said.casefold() in flat(pilot).casefold())
        await pilot.press("escape")
        await rows_are(pilot, 3)


async def test_users_changed_meanwhile_are_looked_at_again(desk: Desk, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "Name,Mobile", "Joe Hart,+61400000009")
    async with console(desk, section="users") as pilot:
        screen = await opened(pilot)
        await looked(pilot, screen, path)
        users.edit(desk, user_named(desk, "Joe Hart").id, values={"Mobile": "+61400000009"})
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: "look at the preview again" in flat(pilot))
        assert pilot.app.screen is screen


async def test_a_long_file_is_asked_about_and_shows_its_progress(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_users, "TELL_EVERY", 0.0)
    people = [f"Person {number},+6141{number:07}" for number in range(1500)]
    path = csv_file(tmp_path, "Name,Mobile", *people)
    seen: list[tuple[str, int, int]] = []
    async with console(desk, section="users") as pilot:
        screen = await opened(pilot)

        def note(text: str, done: tuple[int, int] | None) -> None:
            if done:
                seen.append((text.split()[0], *done))

        monkeypatch.setattr(screen, "_set_progress", note)
        table = await looked(pilot, screen, path)
        assert table.count == 1500 and table.rows_held <= 400
        assert {"checked", "compared"} <= {what for what, _, _ in seen}
        assert not screen.query_one("#progress").has_class("-shown")
        assert screen.query_one(ProgressBar)
        await pilot.press("ctrl+s")
        question = await shown(pilot, Confirm)
        assert question.question == "Import 1,500 added, 0 changed, 0 unchanged?"
        await pilot.press("down", "enter")
        await rows_are(pilot, 1503)
        assert ("loaded", 1500, 1500) in seen


async def test_leaving_stops_the_reading(desk: Desk, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "Name", *(f"Person {number}" for number in range(5000)))
    async with console(desk, section="users") as pilot:
        screen = await opened(pilot)
        screen.query_one(FileInput).value = str(path)
        screen.action_read()
        await settle(pilot, lambda: screen._busy)
        screen.action_leave()
        await rows_are(pilot, 3)


async def test_hostile_files_stay_text(desk: Desk, tmp_path: Path) -> None:
    texts = [
        text.replace('"', "")
        for key, text in HOSTILE.items()
        if key not in ("empty", "lone surrogate", "nul")
    ]
    rows = [f'"x{text[:40]}","{text[:60]}"' for text in texts if "\n" not in text and "\r" not in text]
    path = csv_file(tmp_path, 'Name,Mobile,"[red]\x1b[31mcolumn"', *(f"{row},1" for row in rows))
    async with console(desk, section="users") as pilot:
        screen = await opened(pilot)
        await looked(pilot, screen, path)
        await settle(pilot, lambda: "not known" in flat(pilot))
        text = screen_text(pilot)
        screen.query_one(YesNo).focus()
        await pilot.press("space")
        table = screen.query_one(PreviewTable)
        # A line stands there once for each reason: some names are refused as well as the number.
        await settle(pilot, lambda: table.is_read and table.count >= len(rows))
        await settle(pilot, lambda: f"{len(rows)} refused" in flat(pilot))
        for index in range(table.count):
            table.move_to(index)
            await pilot.pause()
            text += screen_text(pilot)
    assert plain_str(text, block=True) == text
    assert users.count(desk) == 3


async def test_export_writes_what_the_filter_shows_and_asks_before_replacing(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    async with console(desk, section="users") as pilot:
        section = await rows_are(pilot, 3)
        await pilot.press("slash", *"joe", "enter")
        await rows_are(pilot, 1)
        await pilot.press("X")
        screen = await shown(pilot, ExportUsers)
        screen.form.set_value("file", str(path))
        await pilot.press("ctrl+s")
        await shown(pilot, Confirm)
        await pilot.press("enter")  # the safe answer
        await shown(pilot, ExportUsers)
        assert path.read_text() == "old"
        await pilot.press("ctrl+s")
        await shown(pilot, Confirm)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: any("1 user written to" in sentence for sentence in told(pilot)))
        assert section.words == "joe"
    text = path.read_text()
    assert text.splitlines()[1].startswith(f"{user_named(desk, 'Joe Hart').id},Joe Hart,{JOE},Day,Ops,Yes")
    assert path.stat().st_mode & 0o777 == 0o600


async def test_in_a_session_with_a_folder_of_its_own_only_names_are_taken(desk: Desk, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    csv_file(own, "Name,Groups", "Zed,Ops")
    outside = csv_file(tmp_path, "Name", "Eve")
    (own / "link.csv").symlink_to(outside)
    async with console(desk, section="users") as pilot:
        pilot.app.files = OwnFolder(own)  # type: ignore[attr-defined]
        screen = await opened(pilot)
        assert "The name of a file in your own folder." in screen_text(pilot)
        for typed in (str(outside), "../people.csv", ".hidden.csv", "link.csv"):
            screen.query_one(FileInput).value = typed
            await pilot.press("enter")
            await settle(pilot, lambda: not screen._busy and "✗ File" in screen_text(pilot))
            assert screen._read_file is None
        await looked(pilot, screen, "people.csv")
        await pilot.press("ctrl+s")
        await rows_are(pilot, 4)
    assert [name for _, name in groups.get(desk, 1).people] == ["Joe Hart", "Zed"]
