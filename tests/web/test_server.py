"""`commsdesk web` from outside: who gets in, what a tab can do, and what is left when things end."""

import asyncio
import os
import signal
import stat
import time
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from storage import handlers
from storage.vocabulary import MessageState
from tests.processes.support import Site, within
from tests.web.support import Tab, WebServer, browser, eventually, gone, tab

CTRL_Q, CTRL_S = "\x11", "\x13"


def enabled(site: Site) -> bool:
    """Whether the site's one handler is enabled."""
    with site.database.read() as connection:
        (handler,) = handlers.listing(connection)
    return handler.enabled


async def disable(site: Site, console: Tab) -> None:
    """By the key, once the cursor is on the handler."""
    await console.shows("▸ ")
    await console.types("e")
    await console.shows("Keep enabled")
    await console.types("\x1b[B\r")
    await eventually(lambda: not enabled(site), "the handler is disabled")


async def test_keys_reach_the_site_and_the_review_says_who(site: Site, server: WebServer) -> None:
    site.handler()
    async with browser() as session, tab(server, session) as console:
        await disable(site, console)
        assert [entry.operator for entry in site.review if "disabled" in entry.text] == ["ana"]
        await console.types(CTRL_Q)
        await console.ends()
        (pid,) = server.consoles()
        await eventually(lambda: gone(pid), "the console has ended")


# Who gets in


async def test_every_answer_says_what_the_browser_may_do(server: WebServer) -> None:
    async with browser() as session:
        for path in ("?token=" + server.token, "", "page/console.js", "static/css/xterm.css", "nothing"):
            async with session.get(server.page + path) as answer:
                assert answer.status == (404 if path == "nothing" else 200)
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Cache-Control"] == "no-store"
                assert "http" not in (await answer.text()) or path in (
                    "static/css/xterm.css",
                    "page/console.js",
                )


async def test_the_cookie_is_for_this_page_only_and_no_script_reads_it(server: WebServer) -> None:
    async with browser() as session, session.get(server.url) as answer:
        (cookie,) = answer.cookies.values()
        assert cookie["httponly"] and cookie["samesite"] == "Strict"
        # A browser sends cookies to every port of a host, but only below the path that set them.
        assert not cookie["path"] and not cookie["domain"]
        assert cookie.value not in await answer.text()
        other = URL(server.url).with_port(1)
        assert not session.cookie_jar.filter_cookies(other.with_path("/"))
        assert session.cookie_jar.filter_cookies(URL(server.page + "ws"))


STRANGERS: Mapping[str, dict[str, str]] = {
    "foreign origin": {"Origin": "http://evil.example"},
    "foreign host": {"Host": "evil.example"},
    "sandboxed page": {"Origin": "null"},
    "two origins": {"Origin": "http://127.0.0.1, http://evil.example"},
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
async def test_a_stranger_with_the_cookie_is_refused(server: WebServer, headers: dict[str, str]) -> None:
    async with browser() as session:
        async with session.get(server.url) as answer:
            assert answer.status == 200
        for path in (
            "",
            "?token=" + server.token,
            "static/js/textual.js",
            "page/console.js",
            "download/1f3a",
        ):
            async with session.get(server.page + path, headers=headers) as answer:
                assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(server.page + "ws", headers={"Origin": server.origin, **headers})
        assert refused.value.status == 403
    assert server.consoles() == []


async def test_nobody_gets_in_without_the_token(server: WebServer) -> None:
    async with browser() as session:
        places = (
            "",
            server.place + "/",
            server.place + "/static/js/textual.js",
            server.place + "/download/1",
        )
        for path in ("ws", "static/", *places, server.place + "/?token=", server.place + "/?token=1f3a"):
            async with session.get(f"{server.origin}/{path}") as answer:
                assert answer.status == 403
                assert server.token not in await answer.text()
        for path in ("ws", f"{server.place}/ws", f"{server.place}/ws?token={server.token}"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{server.origin}/{path}", headers={"Origin": server.origin})
            assert refused.value.status == 403
    assert server.consoles() == []


async def test_a_websocket_without_an_origin_is_refused(server: WebServer) -> None:
    async with browser() as session:
        async with session.get(server.url) as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(server.page + "ws")
        assert refused.value.status == 403


async def test_no_folder_is_listed_and_nothing_outside_is_given(server: WebServer) -> None:
    async with browser() as session:
        async with session.get(server.url) as answer:
            assert answer.status == 200
        for path in ("static/", "page/", "static/%2e%2e/server.py", "page/..%2f..%2fguard.py", "page/%00"):
            address = URL(server.page + path, encoded=True)
            async with session.get(address) as answer:
                assert answer.status in (400, 403, 404)


async def test_neither_the_log_nor_standard_output_holds_a_key(server: WebServer) -> None:
    async with browser() as session:
        async with session.get(server.url) as answer:
            (cookie,) = answer.cookies.values()
        async with session.get(server.page + "?token=" + server.token, headers={"Host": "evil"}) as answer:
            assert answer.status == 403
    # What cannot be read as HTTP gets the same refusal, and no traceback.
    reader, writer = await _connect(server)
    writer.write(f"GET /{server.place}/?token={server.token} HTTP/9.9\r\nbad\x00header\r\n\r\n".encode())
    await writer.drain()
    malformed = await reader.read(2000)
    assert b" 403 " in malformed[:14] and b"The console is not shown here" in malformed
    assert b"HTTP/9.9" not in malformed and b"bad" not in malformed
    writer.close()
    await eventually(lambda: "refused" in server.program.said, "a refusal is told")
    for secret in (server.token, cookie.value, server.place):
        assert secret not in server.program.said
    assert "Traceback" not in server.program.said
    log = server.site.folder / "logs" / "commsdesk.log"
    assert not log.exists() or server.token not in log.read_text()


async def _connect(server: WebServer) -> tuple["asyncio.StreamReader", "asyncio.StreamWriter"]:
    port = URL(server.url).port
    return await asyncio.open_connection("127.0.0.1", port)


def test_the_address_is_in_a_file_for_its_owner_that_goes_with_the_server(server: WebServer) -> None:
    assert stat.S_IMODE(server.url_file.stat().st_mode) == 0o600
    command = Path(f"/proc/{server.program.pid}/cmdline").read_text()
    assert server.token not in command and server.place not in command
    server.program.signal(signal.SIGTERM)
    assert server.program.ends() == 0
    assert not server.url_file.exists()


def test_a_link_at_the_place_of_the_file_is_not_written_through(site: Site) -> None:
    target = site.folder.parent / "target"
    (site.folder.parent / "address").symlink_to(target)
    server = WebServer(site)
    assert not server.url_file.is_symlink() and not target.exists()
    server.close()


# What a tab can do


async def test_a_limited_number_of_consoles(site: Site) -> None:
    server = WebServer(site, ["--no-engine"], web=["--consoles", "1"])
    try:
        async with browser() as session, tab(server, session) as first:
            await first.shows("Handlers")
            async with tab(server, session) as second:
                await second.ends()
                assert "consoles are open already" in second.seen
            assert len(server.consoles()) == 1
        (pid,) = server.consoles()
        await eventually(lambda: gone(pid), "the first has ended")
    finally:
        server.close()


async def test_an_export_is_a_download_and_kept_in_one_folder(site: Site, server: WebServer) -> None:
    assert site.cli("user", "add", "Joe Hart").returncode == 0
    async with browser() as session, tab(server, session) as console:
        await console.shows("Handlers")
        await console.types("2")
        await console.shows("▸ Joe Hart")
        await console.types("X")
        await console.shows("users.csv")
        await console.types(CTRL_S)
        await eventually(lambda: console.offered, "a file is offered")
        address = f"{server.page}download/{console.offered[0]}"
        async with aiohttp.ClientSession() as stranger, stranger.get(address) as answer:
            assert answer.status == 403
        async with session.get(address) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert "Joe Hart" in await answer.text()
        async with session.get(address) as answer:  # once only
            assert answer.status == 404
        assert "Joe Hart" in (site.folder / "web-files" / "users.csv").read_text()


async def test_what_is_no_message_of_the_page_is_passed_over(site: Site, server: WebServer) -> None:
    site.handler()
    async with browser() as session, tab(server, session) as console:
        await console.shows("Handlers")
        for wrong in (
            "",
            "no json",
            "[" * 100_000,
            "{}",
            "[]",
            '["stdin"]',
            '["stdin", 7]',
            '["resize", {"width": "wide", "height": null}]',
            '["resize", {"width": 1000000000, "height": -5}]',
            '["exit"]',
            '["deliver_chunk_request", "/etc/passwd"]',
        ):
            await console.websocket.send_str(wrong)
        await console.websocket.send_json(["resize", {"width": 100, "height": 30}])
        await disable(site, console)


async def test_a_console_that_cannot_open_says_why(site: Site, server: WebServer) -> None:
    site.database.close()
    (site.folder / "commsdesk.sqlite3").write_bytes(b"no database" * 1000)
    async with browser() as session, tab(server, session) as console:
        await console.shows("cannot")


# What is left when things end


async def test_a_closed_tab_ends_its_console_and_hands_the_lease_on(
    site: Site, sending_server: WebServer
) -> None:
    site.queue(site.handler(), 5)
    async with browser() as session, tab(sending_server, session) as console:
        await console.shows("Handlers")
        await eventually(lambda: site.states == {MessageState.ACCEPTED: 5}, "all are sent")
        (pid,) = sending_server.consoles()
        assert site.lease.holder_pid == pid and site.lease.holder_kind == "web"
    await eventually(lambda: gone(pid), "the console has ended")
    site.is_clean()


async def test_a_killed_server_leaves_no_process_and_no_doubt(site: Site, sending_server: WebServer) -> None:
    async with (
        browser() as session,
        tab(sending_server, session) as first,
        tab(sending_server, session) as second,
    ):
        await first.shows("Handlers")
        await second.shows("Handlers")
        site.queue(site.handler(), 5)
        await eventually(lambda: site.states == {MessageState.ACCEPTED: 5}, "all are sent")
        pids = sending_server.consoles()
        assert len(pids) == 2 and not any(map(gone, pids))
        sending_server.program.signal(signal.SIGKILL)
        began = time.monotonic()
        await eventually(lambda: all(map(gone, pids)), "both consoles have ended")
        assert time.monotonic() - began < within(3)
    site.is_clean()
    site.nothing_lost_or_doubled_in_silence()


async def test_what_is_being_sent_gets_its_answer(site: Site, sending_server: WebServer) -> None:
    site.clickatell.clickatell.settings.latency = 3.0
    async with browser() as session, tab(sending_server, session) as console:
        await console.shows("Handlers")
        site.queue(site.handler(), 3)
        await eventually(lambda: len(site.clickatell.clickatell.calls) >= 2, "the call is under way")
        sending_server.program.signal(signal.SIGKILL)
        (pid,) = sending_server.consoles()
        await eventually(lambda: gone(pid), "the console has ended")
    assert site.inbox and set(site.inbox.values()) == {1}
    assert site.states == {MessageState.ACCEPTED: 3}
    site.is_clean()


async def test_ctrl_c_ends_the_server_and_its_consoles(site: Site, server: WebServer) -> None:
    async with browser() as session, tab(server, session) as console:
        await console.shows("Handlers")
        (pid,) = server.consoles()
        server.program.signal(signal.SIGINT)
        await console.ends()
        assert await asyncio.to_thread(server.program.ends) == 0
        assert gone(pid)


async def test_a_console_that_is_killed_closes_its_tab(site: Site, server: WebServer) -> None:
    async with browser() as session, tab(server, session) as console:
        await console.shows("Handlers")
        (pid,) = server.consoles()
        os.kill(pid, signal.SIGKILL)
        await console.ends()
    assert server.program.alive


async def test_a_console_that_does_not_listen_is_ended_with_its_server(site: Site, server: WebServer) -> None:
    async with browser() as session, tab(server, session) as console:
        await console.shows("Handlers")
        (pid,) = server.consoles()
        os.kill(pid, signal.SIGSTOP)
    server.program.signal(signal.SIGTERM)
    server.program.signal(signal.SIGINT)
    await asyncio.to_thread(server.program.ends)
    os.kill(pid, signal.SIGCONT)
    await eventually(lambda: gone(pid), "it ends as soon as it can")
