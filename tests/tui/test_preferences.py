"""settings.toml: what holds for whom, what is said of a mistake, and a theme that is remembered."""

import tomllib
from pathlib import Path

import pytest

from tests.tui.support import console, make_desk, settle, told
from tui.console.preferences import KEYS, NAME, SECTIONS, Choices, Preferences, read_preferences, remember
from tui.sections import registry

FILE = """\
# The control room is dark.
theme = "dark"
mouse = false

[operator."Ana Bell"]   # works by daylight
theme = "light"
link = "slow"
"""


NO_TABLE = 'operator: write [operator."NAME"] on a line of its own, and the settings below.'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / NAME


def test_a_file_that_is_not_there_is_empty(path: Path) -> None:
    read = read_preferences(path)
    assert read.of("ana") == Choices() == read.of(None) and not read.problems


def test_a_persons_own_settings_win_over_everyones_and_options_over_both(path: Path) -> None:
    path.write_text(FILE)
    read = read_preferences(path, theme=None, mouse=None)
    assert read.of("vic") == Choices(theme="dark", mouse=False)
    assert read.of("ANA BELL") == Choices(theme="light", mouse=False, link="slow")
    given = read_preferences(path, theme="terminal", mouse=True, link="fast")
    assert given.of("Ana Bell") == Choices(theme="terminal", mouse=True, link="fast")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('them = "light"', "them: there is no such setting. Did you mean theme?"),
        ("colour = 1", "colour: there is no such setting. There are theme, mouse, link, section, bell."),
        ("theme = 3", "theme: write the name of a theme, in quotes."),
        ('mouse = "no"', "mouse: write true or false."),
        ('link = "quick"', "link: write auto, fast or slow, in quotes."),
        (
            "section = [1]",
            "section: write handlers, users, alerts, tasks, messages, review or duty, in quotes.",
        ),
        ('operator = "ana"', NO_TABLE),
        ('[operator]\nana = "x"', NO_TABLE),
        ("[operator.vic]\nmouse = 1", "vic, mouse: write true or false."),
        ('"a\\u001b[31m" = 1', f"a␛[31m: there is no such setting. There are {', '.join(KEYS)}."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_sentence_and_the_rest_holds(path: Path, line: str, said: str) -> None:
    sound = "mouse = false" if line.startswith("section") else 'section = "users"'
    path.write_text(f"{sound}\n{line}\n")
    read = read_preferences(path)
    assert read.problems == (said,)
    assert read.of("vic") == (
        Choices(mouse=False) if line.startswith("section") else Choices(section="users")
    )


def test_no_toml_bytes_that_are_no_text_and_a_folder_in_its_place_are_told(path: Path) -> None:
    path.write_text("theme = ")
    (said,) = read_preferences(path).problems
    assert said.startswith("settings.toml cannot be read: Invalid value") and said.endswith(
        "The presets hold."
    )
    path.write_bytes(b"theme = '\xff'")
    assert "cannot be read" in read_preferences(path).problems[0]
    path.unlink()
    path.mkdir()
    assert "cannot be read" in read_preferences(path).problems[0]


def test_every_setting_can_be_checked_and_every_section_made() -> None:
    assert set(KEYS) == {"theme", "mouse", "link", "section", "bell"}
    assert list(registry.CLASSES) == list(SECTIONS)


def test_remembering_changes_one_line_and_keeps_what_people_wrote(path: Path) -> None:
    path.write_text(FILE)
    remember(path, "ana bell", "theme", "terminal")
    assert path.read_text() == FILE.replace('theme = "light"', 'theme = "terminal"')
    remember(path, 'local:o"x', "theme", "light")
    assert path.read_text().startswith(FILE.replace('theme = "light"', 'theme = "terminal"'))
    assert read_preferences(path).of('local:o"x').theme == "light"
    assert read_preferences(path).of("Ana Bell") == Choices("terminal", mouse=False, link="slow")


def test_remembering_makes_the_file_for_its_owner_only(path: Path) -> None:
    remember(path, "ana", "theme", "light")
    assert tomllib.loads(path.read_text()) == {"operator": {"ana": {"theme": "light"}}}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == [NAME]


@pytest.mark.parametrize("text", ["theme = ", 'operator = "ana"', "[operator]\nana = 1"])
def test_a_file_that_is_not_in_order_is_left_as_it_is(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ValueError):
        remember(path, "ana", "theme", "light")
    assert path.read_text() == text


async def test_a_theme_chosen_in_the_palette_is_there_the_next_time_for_that_person(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "site")
    path = tmp_path / NAME
    try:
        async with console(desk, preferences=read_preferences(path)) as pilot:
            assert not path.exists()
            pilot.app.theme = "commsdesk-light"  # as Textual's own palette of themes does
            await settle(pilot, path.exists)
        read = read_preferences(path)
        assert (read.of("ana").theme, read.of("vic").theme) == ("light", "auto")
        async with console(desk, preferences=read) as pilot:
            assert pilot.app.theme == "commsdesk-light"
    finally:
        desk.database.close()


async def test_what_is_wrong_is_told_and_the_console_starts(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text('theme = "pink"\nmouse = "no"\n')
    desk = make_desk(tmp_path / "site")
    try:
        async with console(desk, preferences=read_preferences(path)) as pilot:
            sentences = told(pilot)
            assert "mouse: write true or false." in sentences
            assert any(sentence.startswith("There is no theme 'pink'.") for sentence in sentences)
            # A theme that cannot be kept is told as well, and holds as long as this console is open.
            path.write_text("theme = ")
            pilot.app.theme = "commsdesk-light"
            await settle(pilot, lambda: any("not remembered" in each for each in told(pilot)))
            assert path.read_text() == "theme = "
    finally:
        desk.database.close()


async def test_the_section_of_a_persons_choice_is_shown_first(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "site")
    given = Preferences(operators={"ana": {"section": "tasks"}})
    try:
        async with console(desk, operator="ana", preferences=given) as pilot:
            assert pilot.app._main.current.id == "tasks"
    finally:
        desk.database.close()
