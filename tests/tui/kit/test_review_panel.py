"""The live review panel."""

import threading
from datetime import UTC, datetime, timedelta, timezone

from tests.tui.kit.app import KitApp, screen_text, shown, until
from tests.tui.kit.hostile import HOSTILE
from tui.review.lines import SIGNS, Kind, review_content, short_time
from tui.review.panel import ReviewLine, ReviewPanel

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def line(entry: int, kind: Kind = "info", text: str = "") -> ReviewLine:
    return ReviewLine(entry, NOON + timedelta(seconds=entry), kind, "Task", text or f"entry {entry}")


def panel_of(**options) -> ReviewPanel:
    return ReviewPanel(zone=UTC, now=lambda: NOON, **options)


def entries(app: KitApp) -> list[str]:
    """The lines below the title, without the scroll bar."""
    return [each[:79].rstrip() for each in screen_text(app).splitlines()[1:]]


def last(app: KitApp) -> str:
    return screen_text(app).splitlines()[-1]


async def test_it_follows_until_one_scrolls_up_and_then_counts() -> None:
    panel = panel_of()
    app = KitApp(panel)
    async with shown(app, (80, 8)) as pilot:
        panel.append(line(entry) for entry in range(50))
        await until(pilot, lambda: "entry 49" in last(app))
        await until(pilot, lambda: panel.show_vertical_scrollbar)
        assert panel.vertical_scrollbar.position == panel.scroll_y > 0
        assert "● live ── all" in screen_text(app)
        await pilot.press("up", "up")
        seen = entries(app)
        panel.append([line(50), line(51)])
        await until(pilot, lambda: panel.waiting == 2)
        assert "2 new entries: press End" in screen_text(app)
        assert entries(app) == seen
        await pilot.press("end")
        await until(pilot, lambda: "entry 51" in last(app))
        assert panel.following
        assert panel.waiting == 0
        panel.append([line(52)])
        await until(pilot, lambda: "entry 52" in last(app))


async def test_the_wheel_stops_it_and_brings_it_back() -> None:
    panel = panel_of()
    app = KitApp(panel)
    async with shown(app, (80, 8)) as pilot:
        panel.append(line(entry) for entry in range(50))
        await until(pilot, lambda: "entry 49" in last(app))
        await until(pilot, lambda: panel.allow_vertical_scroll)
        panel.scroll_up(animate=False)
        await until(pilot, lambda: not panel.following)
        panel.action_live()
        await until(pilot, lambda: panel.following and "entry 49" in last(app))


async def test_only_the_newest_are_kept_and_a_burst_is_one_redraw() -> None:
    panel = panel_of(most_lines=100)
    app = KitApp(panel)
    async with shown(app, (80, 8)) as pilot:
        for entry in range(0, 100_000, 1000):
            panel.append(line(entry + step) for step in range(1000))
        await until(pilot, lambda: "entry 99999" in last(app))
        assert [each.id for each in panel.shown] == list(range(99_900, 100_000))


async def test_entries_in_sight_stay_while_old_ones_are_dropped() -> None:
    panel = panel_of(most_lines=100)
    app = KitApp(panel)
    async with shown(app, (80, 8)) as pilot:
        panel.append(line(entry) for entry in range(100))
        await until(pilot, lambda: "entry 99" in last(app))
        await pilot.press("pageup")
        seen = entries(app)
        panel.append(line(entry) for entry in range(100, 120))
        await until(pilot, lambda: panel.waiting == 20)
        await pilot.pause()
        assert entries(app) == seen


async def test_problems_alone() -> None:
    panel = panel_of()
    app = KitApp(panel)
    async with shown(app, (80, 12)) as pilot:
        panel.append(line(index, kind) for index, kind in enumerate(SIGNS))
        await until(pilot, lambda: len(panel.shown) == len(SIGNS))
        await pilot.press("p")
        assert [each.kind for each in panel.shown] == ["warning", "error", "retry", "failed", "unknown"]
        assert "problems ──" in screen_text(app)
        panel.append([line(20), line(21, "failed")])
        await until(pilot, lambda: "entry 21" in screen_text(app))
        assert "entry 20" not in screen_text(app)
        await pilot.press("p")
        assert "entry 20" in screen_text(app)


async def test_an_entry_is_opened_and_copied() -> None:
    panel = panel_of()
    app = KitApp(panel)
    async with shown(app, (80, 8)) as pilot:
        panel.append(line(entry) for entry in range(3))
        await until(pilot, lambda: "entry 2" in screen_text(app))
        await pilot.press("up", "enter", "c")
        assert [message.entry_id for message in app.of(ReviewPanel.EntryChosen)] == [1]
        assert app.clipboard == "12:00 Task entry 1"
        await pilot.click(panel, offset=(10, 1), times=2)
        assert [message.entry_id for message in app.of(ReviewPanel.EntryChosen)] == [1, 0]


async def test_entries_may_come_from_another_thread() -> None:
    panel = panel_of()
    app = KitApp(panel)
    async with shown(app, (80, 8)) as pilot:
        thread = threading.Thread(target=lambda: panel.post_message(ReviewPanel.Arrived([line(7)])))
        thread.start()
        await until(pilot, lambda: "entry 7" in screen_text(app))
        thread.join()


async def test_hostile_entries_are_one_safe_line_each() -> None:
    panel = panel_of()
    app = KitApp(panel)
    async with shown(app, (80, 40)) as pilot:
        panel.styles.height = 40
        panel.append(
            ReviewLine(index, NOON, "failed", text, text) for index, text in enumerate(HOSTILE.values())
        )
        await until(pilot, lambda: len(panel.shown) == len(HOSTILE))
        await pilot.pause()
        text = screen_text(app)
        assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(text)
        assert text.count("✗") == len(HOSTILE)


def test_each_kind_has_a_sign_and_a_line_is_cut() -> None:
    for kind, sign in SIGNS.items():
        content = review_content(line(1, kind, "word " * 50), NOON, 60, UTC)
        assert content.plain.startswith(f"12:00 {sign}")
        assert content.cell_length == 60
        assert content.plain.endswith("…")


def test_times_are_local_and_dated_only_where_not_today() -> None:
    perth = timezone(timedelta(hours=8))
    assert short_time(NOON, NOON, UTC) == "12:00"
    assert short_time(NOON, NOON, perth) == "20:00"
    assert short_time(NOON - timedelta(days=1), NOON, UTC) == "22 Nov 12:00"
    assert short_time(NOON.replace(year=2025), NOON, UTC) == "2025-11-23 12:00"
    assert short_time(NOON + timedelta(hours=5), NOON, perth) == "24 Nov 01:00"
