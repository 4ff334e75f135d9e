"""Who is let in: every way in that a stranger might try, and the few that are right."""

from dataclasses import replace

import pytest

from tui.web.guard import USED_UP_AFTER, Asked, Guard, Keys, headers

PORT = 8097
KEYS = Keys(place="PLACE", token="TOKEN", cookie="COOKIE")
GUARD = Guard.at(PORT, KEYS, "https://desk.example.org/sms")
PROXIED = Guard.at(PORT, KEYS, any_host=True)

PAGE = Asked("GET", "/PLACE/", host="127.0.0.1:8097", token="TOKEN")
SCRIPT = Asked("GET", "/PLACE/static/js/textual.js", host="127.0.0.1:8097", cookie="COOKIE")
DOWNLOAD = replace(SCRIPT, path="/PLACE/download/1f3a")
SOCKET = Asked(
    "GET",
    "/PLACE/ws",
    host="127.0.0.1:8097",
    origin="http://127.0.0.1:8097",
    cookie="COOKIE",
    websocket=True,
)
EACH = {"page": PAGE, "script": SCRIPT, "download": DOWNLOAD, "websocket": SOCKET}


@pytest.mark.parametrize("asked", EACH.values(), ids=EACH)
def test_the_right_way_in(asked: Asked) -> None:
    assert GUARD.refusal(asked) is None
    by_name = replace(asked, host="LOCALHOST:8097", origin=asked.origin and "http://localhost:8097")
    assert GUARD.refusal(by_name) is None
    public = replace(asked, host="desk.example.org", origin=asked.origin and "https://desk.example.org")
    assert GUARD.refusal(public) is None
    assert GUARD.refusal(replace(asked, fetch_site="same-origin")) is None


def test_the_page_again_by_its_cookie() -> None:
    assert GUARD.refusal(replace(PAGE, token=None, cookie="COOKIE")) is None
    # An address in a mail or another program's window: another site's, but at the top, with its token.
    assert GUARD.refusal(replace(PAGE, fetch_site="cross-site")) is None


STRANGE = {
    "no key at all": {"cookie": None, "token": None},
    "a wrong cookie": {"cookie": "COOKIF", "token": None},
    "a wrong token": {"cookie": None, "token": "TOKEM"},
    "the token for a cookie": {"cookie": "TOKEN", "token": None},
    "the cookie for a token": {"cookie": None, "token": "COOKIE"},
    "characters beyond ASCII": {"cookie": "CÖÖKIE\udcff", "token": "TÖKEN"},
    "a name that was made to lead here": {"host": "evil.example:8097"},
    "our name at another port": {"host": "127.0.0.1:8098"},
    "our name without a port": {"host": "127.0.0.1"},
    "our name as the start of theirs": {"host": "127.0.0.1:8097.evil.example"},
    "no Host": {"host": None},
    "an empty Host": {"host": ""},
    "another site's page": {"origin": "http://evil.example"},
    "another port's page": {"origin": "http://127.0.0.1:8098"},
    "our name over TLS": {"origin": "https://127.0.0.1:8097"},
    "a sandboxed page": {"origin": "null"},
    "an empty Origin": {"origin": ""},
    "a file": {"origin": "file://"},
    "a form": {"method": "POST"},
    "a look": {"method": "HEAD"},
    "a preflight": {"method": "OPTIONS"},
    "another place": {"path": "/PLACF/"},
    "no place": {"path": "/"},
    "the place with more": {"path": "/PLACE2/"},
    "the place after another": {"path": "//PLACE/"},
}


@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("asked", EACH.values(), ids=EACH)
def test_no_other_way_in(asked: Asked, change: dict[str, str | None]) -> None:
    assert GUARD.refusal(replace(asked, **change))  # type: ignore[arg-type]


def test_only_the_page_takes_the_token() -> None:
    for asked in (SCRIPT, DOWNLOAD, SOCKET):
        assert GUARD.refusal(replace(asked, cookie=None, token="TOKEN"))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_sites_page_asks_for(site: str) -> None:
    for asked in (SCRIPT, DOWNLOAD, SOCKET):
        assert GUARD.refusal(replace(asked, fetch_site=site))


def test_a_websocket_names_its_page() -> None:
    assert GUARD.refusal(replace(SOCKET, origin=None))
    # Also at the page's own address.
    assert GUARD.refusal(replace(SOCKET, path="/PLACE/", cookie=None, token="TOKEN"))


def test_behind_a_proxy_any_name_is_taken_if_the_page_has_the_same() -> None:
    hub = {"host": "hub.example.org", "origin": "https://hub.example.org"}
    for asked in EACH.values():
        assert PROXIED.refusal(replace(asked, **hub)) is None  # type: ignore[arg-type]
        for origin in (
            "https://evil.example",
            "https://hub.example.org:444",
            "null",
            "",
            "http://[",
            "ftp://hub",
        ):
            assert PROXIED.refusal(replace(asked, host="hub.example.org", origin=origin))
        assert PROXIED.refusal(replace(asked, cookie=None, token=None))
    assert PROXIED.refusal(replace(SOCKET, host="hub.example.org", origin=None))


def test_a_token_that_counts_once_is_used_up_soon() -> None:
    time = [100.0]
    keys = Keys(once=True, now=lambda: time[0])
    assert not keys.opens("wrong")
    time[0] += 3600
    assert keys.opens(keys.token)
    time[0] += USED_UP_AFTER - 1
    assert keys.opens(keys.token)
    time[0] += 1
    assert not keys.opens(keys.token)


def test_no_two_servers_have_a_key_in_common() -> None:
    made = [Keys() for _ in range(50)]
    found = [key for keys in made for key in (keys.place, keys.token, keys.cookie)]
    assert len(set(found)) == len(found)
    assert min(map(len, found)) >= 32
    assert len({keys.cookie_name for keys in made}) == len(made)


def test_no_other_site_may_hold_it_in_a_frame_unless_named() -> None:
    plain, framed = headers(), headers(["http://localhost:8888"])
    assert "frame-ancestors 'self'" in plain["Content-Security-Policy"]
    assert plain["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self' http://localhost:8888" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    for found in (plain, framed):
        assert "default-src 'none'" in found["Content-Security-Policy"]
        assert found["Referrer-Policy"] == "no-referrer"
        assert found["X-Content-Type-Options"] == "nosniff"
