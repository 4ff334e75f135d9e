"""Several people over a real sshd at once: who sees what, who may do what, and who is let in."""

import time
from collections.abc import Iterator, Sequence

import pytest

from storage.records import Review
from storage.vocabulary import Role
from tests.operations.arrange import make_people
from tests.processes.support import until, within
from tests.processes.terminal import Terminal
from tests.system.operators_over_ssh import SiteOverSsh

JOE = "+447700900123"
A_SECOND = 1.0

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def site(over_ssh: SiteOverSsh) -> Iterator[SiteOverSsh]:
    """Two operators and a viewer, a handler, someone to write to, and `commsdesk run`."""
    over_ssh.add("ana", Role.OPERATOR)
    over_ssh.add("ben", Role.OPERATOR)
    over_ssh.add("vic", Role.VIEWER)
    over_ssh.handler()
    make_people(over_ssh.database, {"Joe Hart": JOE})
    engine = over_ssh.leader()
    yield over_ssh
    engine.kill()


def shown_after(site: SiteOverSsh, terminals: Sequence[Terminal], *texts: str) -> float:
    """Wait until every screen has a line with all the texts: the seconds since its row was written."""

    def shows(terminal: Terminal) -> bool:
        return any(all(text in line for text in texts) for line in terminal.lines)

    until(lambda: all(shows(terminal) for terminal in terminals), f"{texts} on every screen")
    seen = time.time()
    (entry,) = [each for each in site.review if _is_of(each, texts)]
    took = seen - entry.at.timestamp()
    print(f"on {len(terminals)} screens {took * 1000:.0f} ms after it was written")
    return took


def _is_of(entry: Review, texts: tuple[str, ...]) -> bool:
    return all(text in f"{entry.text} {entry.operator}" for text in texts)


def test_a_send_by_one_is_in_the_panel_of_the_others_within_a_second(site: SiteOverSsh) -> None:
    ana, ben, vic = (site.console(name) for name in ("ana", "ben", "vic"))
    for terminal, who in ((ana, "ana"), (ben, "ben"), (vic, "vic (viewer)")):
        terminal.on_screen(who)
    sent = site.command_started("ben", 'send --handler Clickatell --to "Joe Hart" "Pump 2 stopped"')
    assert shown_after(site, (ana, vic), "ben", "by hand", "Pump 2 stopped") < within(A_SECOND)
    assert sent.ends(60) == 0, sent.said
    sent = site.command_started("ana", 'send --handler Clickatell --to "Joe Hart" "Pump 2 runs again"')
    assert shown_after(site, (ben, vic), "ana", "by hand", "Pump 2 runs again") < within(A_SECOND)
    assert sent.ends(60) == 0, sent.said
    site.settled()
    texts = sorted(message.text for message in site.clickatell.clickatell.account.inbox)
    assert texts == ["Pump 2 runs again", "Pump 2 stopped"]
    for terminal in (ana, ben, vic):
        terminal.press("\x11")
        assert terminal.ends() == 0
    site.nobody_is_left()


def test_a_viewer_is_refused_by_the_console_and_by_the_command(site: SiteOverSsh) -> None:
    before = len(site.client_ids())
    refused = site.ask("vic", 'send --handler Clickatell --to "Joe Hart" "Not mine to send"')
    assert refused.returncode == 1
    assert refused.stderr == "commsdesk: vic is a viewer: sending needs an operator\n"
    vic = site.console("vic")
    vic.press("2")
    vic.on_screen("● Enabled")
    vic.press("M")
    vic.on_screen("vic is a viewer: Send Message needs an operator")
    vic.press("\x11")
    assert vic.ends() == 0 and len(site.client_ids()) == before


def test_a_disabled_operator_is_closed_and_not_let_in_again(site: SiteOverSsh) -> None:
    site.add("dan", Role.OPERATOR)
    dan = site.console("dan")
    with site.connection("dan") as by_it:
        assert site.ask("dan", "group list", options=by_it).returncode == 0
        site.enable("dan", False)
        begun = time.monotonic()
        assert dan.ends() == 1
        took = time.monotonic() - begun
        print(f"closed {took:.1f} s after it was disabled")
        assert took < within(5)
        assert "commsdesk: dan is disabled: ask an administrator" in dan.text
        # A connection that was open before is no way around it.
        again = site.ask("dan", "group list", options=by_it)
        assert (again.returncode, again.stdout) == (1, "")
        assert "dan is disabled" in again.stderr
    refused = site.ask("dan", "group list")
    assert refused.returncode == 255 and "Permission denied" in refused.stderr
    site.enable("dan", True)
    assert site.ask("dan", "group list").returncode == 0
