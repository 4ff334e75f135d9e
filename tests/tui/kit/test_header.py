"""What the header says of who sends, before and after the site has been read."""

from tui.operations.overview import Overview
from tui.widgets.header import SiteHeader


def test_it_says_nothing_of_an_engine_before_the_site_has_been_read() -> None:
    header = SiteHeader()
    header.set_reactive(SiteHeader.opening, None)
    assert str(header._said()) == "reading the site…"
    header.set_reactive(SiteHeader.overview, Overview())
    assert "no engine is running" in str(header._said())
    header.set_reactive(
        SiteHeader.overview, Overview(engine_running=True, sender="x", sender_kind="run", sender_pid=7)
    )
    assert "run 7 sends" in str(header._said())
