"""Keys and passwords show nowhere: not in errors, not in reprs, not in logs, not in addresses."""

import base64
import html
import logging
import quopri
import re
import string
import traceback
from urllib.parse import quote, quote_plus, unquote
from xml.sax.saxutils import escape

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.clock import SystemClock
from scheduling.gateways.http import Connection
from scheduling.gateways.masking import RUN, mask, spellings
from scheduling.gateways.registry import make_sender
from scheduling.gateways.wording import MOST_READ, outside_text
from tests.gateways.raw_server import Visit, raw_server, unused_port
from tests.gateways.support import (
    HTTP,
    KEY,
    ONE,
    PASSWORD,
    XML,
    click_api,
    fault_reply,
    messages,
    one_sender,
    xml_sender,
)
from tests.handler_values import changed


def written_forms(secret: str) -> list[str]:
    return [
        secret,
        quote(secret),
        quote_plus(secret),
        escape(secret),
        base64.b64encode(secret.encode()).decode(),
    ]


@pytest.mark.parametrize("echo", written_forms(KEY))
async def test_a_key_that_the_gateway_echoes_is_masked(echo):
    error = {"code": 1, "description": f"Key {echo} is wrong: {echo}"}
    sender = one_sender(lambda request: httpx.Response(401, json={"error": error}))
    [outcome] = await sender.send(messages(1))
    balance = await sender.balance()
    assert outcome.error == balance.error == "Key •••• is wrong: ••••"


@pytest.mark.parametrize("echo", written_forms(PASSWORD))
async def test_a_password_that_the_gateway_echoes_is_masked(echo):
    answer = click_api(fault_reply(1, f"001, user plant7 with {escape(echo)}"))
    [outcome] = await xml_sender(lambda request: answer).send(messages(1))
    assert outcome.error == "user plant7 with ••••"


def test_a_secret_put_together_by_joining_lines_is_masked():
    assert outside_text("the pass\n  word", ["the pass word"]) == "••••"
    assert outside_text("se\u200bcret", ["secret"]) == "••••"


def test_no_half_of_a_secret_is_left_by_cutting():
    assert KEY[:4] not in outside_text(KEY * 1000, [KEY])
    assert "hush" not in outside_text("x" * 280 + "hush" * 100, ["hush" * 25])


@pytest.mark.parametrize("code", [KEY, f"E {KEY}"])
async def test_a_key_in_the_place_of_a_code_or_an_id_is_masked(code):
    entry = {"apiMessageId": KEY, "accepted": True, "to": "447700900000"}
    for body in ({"error": {"code": code, "description": "x"}}, {"messages": [entry]}):
        sender = one_sender(lambda request, body=body: httpx.Response(400, json=body))
        [outcome] = await sender.send(messages(1))
        assert KEY[:8] not in repr(outcome)


def test_empty_secrets_mask_nothing():
    assert spellings(["", " "]) >= {" "}
    assert outside_text("as it is", [""]) == "as it is"


def test_outside_text_is_one_short_line_that_can_be_stored():
    assert outside_text("a\x1b[2J\r\nb\u202e\ud800\tc") == "a [2J b c"
    assert outside_text("x" * 1000) == "x" * 299 + "…"


async def _every_kind_of_failure(cfg) -> list[object]:
    """What a sender shows of itself after an acceptance, a refusal, a cut answer and a dead port."""

    async def act(visit: Visit) -> None:
        body = await visit.request()
        if visit.number == 0:
            await visit.answer(b'{"error":{"code":1}}', "401 No")
        elif visit.number == 1:
            await visit.answer(body, "200 OK")
        elif visit.number == 2:
            await visit.answer(b"x", length=10)

    shown: list[object] = []
    async with raw_server(act) as server:
        for url in (
            server.url,
            server.url,
            server.url,
            server.url,
            f"http://127.0.0.1:{unused_port()}",
            "http://[",
            "http://127.0.0.1:99999",
        ):
            sender = make_sender(
                changed(cfg, base_url=url, api_uri=url, url=url, check_url=url, read_timeout=0.3),
                SystemClock(),
            )
            shown += [*await sender.send(messages(1)), await sender.balance(), sender]
            await sender.close()
    return shown


@pytest.mark.usefixtures("third_gateway")
@pytest.mark.parametrize("cfg", [ONE, XML, HTTP], ids=["one", "xml", "http"])
async def test_nothing_shown_or_logged_holds_the_secret(cfg, caplog):
    caplog.set_level(logging.DEBUG)
    shown = await _every_kind_of_failure(cfg)
    texts = [repr(item) for item in shown]
    texts += [record.getMessage() for record in caplog.records]
    texts += [repr(cfg), str(cfg)]
    for form in written_forms(cfg.secret):
        assert not any(form in text for text in texts)


async def test_the_http_librarys_own_logs_are_off(caplog):
    caplog.set_level(logging.DEBUG)
    await _every_kind_of_failure(ONE)
    assert not [r for r in caplog.records if r.name.startswith(("httpx", "httpcore")) and r.levelno < 30]


async def test_a_traceback_through_a_sender_holds_no_secret():
    class Broken(SystemClock):
        async def wait_for(self, awaitable, seconds):
            awaitable.close()
            raise RuntimeError("the clock is broken")

    sender = make_sender(ONE, Broken())
    with pytest.raises(RuntimeError) as caught:
        await sender.send(messages(1))
    assert KEY not in "".join(traceback.format_exception(caught.value))


async def test_an_address_with_credentials_is_not_shown():
    connection = Connection(ONE, SystemClock())
    failure = await connection.request(
        "GET", f"http://me:hidden-word@127.0.0.1:{unused_port()}/?k=v", headers={}
    )
    await connection.aclose()
    assert "hidden-word" not in repr(failure)
    assert "k=v" not in repr(failure)


async def test_secrets_go_in_the_header_or_the_form_and_never_in_the_address():
    seen = []

    def gateway(request):
        seen.append(request)
        return httpx.Response(500)

    for sender in (one_sender(gateway), xml_sender(gateway)):
        await sender.send(messages(1))
        await sender.balance()
        await sender.query("a" * 32)
        await sender.delivery_status("f" * 32)
    assert len(seen) == 7
    for request in seen:
        for secret in (KEY, PASSWORD):
            assert not any(form in str(request.url) for form in written_forms(secret))


LETTERS = string.ascii_letters + string.digits + "=+/-_!&%$.: ~'\"\\<>#@éß"
NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "=": "&equals;", "+": "&plus;"}


def spelt(letter: str, way: int) -> str:
    """One character of a secret as some gateway writes it."""
    octets = letter.encode()
    code = ord(letter)
    return [
        letter,
        letter.swapcase() if len(letter.swapcase()) == 1 else letter,
        "".join(f"%{octet:02x}" for octet in octets),
        "".join(f"%{octet:02X}" for octet in octets),
        f"&#{code};",
        f"&#x{code:X};",
        f"&#0{code};",
        f"\\u{code:04x}",
        f"\\u{code:04X}",
        f"%u{code:04x}",
        f"\\u{{{code:x}}}",
        NAMED.get(letter, letter),
        f"&amp;#{code};",
        f"%26%23{code}%3B",
        f"\\\\u{code:04x}",
        f" {letter}",
        f"{letter}\r\n\t",
        f"{letter}\u200b",
        "".join(f"={octet:02X}" for octet in octets),
    ][way]


WAYS = 19


def read_again(text: str) -> set[str]:
    """What a person makes of a text with the usual tools: every order of a few un-escapings."""

    def once(text: str) -> set[str]:
        found = {html.unescape(text), unquote(text), text.replace("+", " ")}
        found.add(re.sub(r"(?:\\u|%u)([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text))
        found.add(re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda m: chr(int(m[1], 16)), text))
        found.add(quopri.decodestring(text.encode(errors="replace")).decode(errors="replace"))
        return found

    seen, new = {text}, {text}
    for _ in range(3):
        new = {further for each in new for further in once(each)} - seen
        seen |= new
    return seen


def runs_of(text: str, length: int = RUN) -> set[str]:
    bare = "".join(text.split()).casefold()
    return {bare[at : at + length] for at in range(len(bare) - length + 1)}


@st.composite
def echoes(draw: st.DrawFn) -> tuple[str, str]:
    """A secret, and an error text with all of it or its beginning, each character spelt in its own way."""
    letters = st.text(LETTERS, min_size=RUN, max_size=40)
    secret = draw(letters.filter(lambda text: len("".join(text.split())) >= RUN))
    shown = secret[: draw(st.integers(RUN, len(secret)))]
    if draw(st.booleans()):
        ways = draw(st.lists(st.integers(0, WAYS - 1), min_size=len(shown), max_size=len(shown)))
    else:
        ways = [draw(st.integers(0, WAYS - 1))] * len(shown)
    echo = "".join(spelt(letter, way) for letter, way in zip(shown, ways, strict=True))
    return secret, f"Error 1: {echo}, says the gateway."


@given(echoes())
def test_no_part_of_a_secret_can_be_read_however_it_is_spelt(echo: tuple[str, str]) -> None:
    secret, text = echo
    shown = outside_text(text, [secret])
    secrets = runs_of(secret)
    for reading in read_again(shown):
        assert not secrets & runs_of(reading), (secret, text, shown, reading)


@given(st.binary(min_size=12, max_size=48), st.integers(0, 5), st.booleans(), st.booleans(), st.booleans())
def test_no_part_of_a_secret_can_be_read_in_base64(
    octets: bytes, before: int, safe: bool, padded: bool, broken: bool
) -> None:
    secret = octets.hex()
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    echo = encode(b"joe:x"[:before] + secret.encode()).decode()
    echo = echo if padded else echo.rstrip("=")
    if broken:
        echo = "\n".join(echo[at : at + 10] for at in range(0, len(echo), 10))
    shown = outside_text(f"Authorization: Basic {echo}", [secret])
    left = "".join(shown.split()).replace("-", "+").replace("_", "/")
    for run in re.findall(r"[A-Za-z0-9+/]{8,}", left.removeprefix("Authorization:Basic")):
        for skipped in range(4):
            part = run[skipped:]
            read = base64.b64decode(part[: len(part) // 4 * 4])
            assert not runs_of(secret) & runs_of(read.decode("latin-1")), (shown, run)


@pytest.mark.parametrize(
    "echo",
    [
        "vYbtQpGfRw%3d%3d",
        "vYbtQpGfRw",
        "vYbtQpGfRw&#61;&#61;",
        "vYbtQpGfRw\\u003d\\u003d",
        "VYBTQPGFRW==",
        "vYbtQpGf…",
        "vYbtQ\npGfRw==",
        "\\u0076YbtQpGfRw%253D%253D",
    ],
)
def test_the_spellings_that_were_shown(echo: str) -> None:
    assert outside_text(f"bad key {echo}!", ["vYbtQpGfRw=="]).startswith("bad key ••••")


def test_ordinary_words_stay_as_they_are() -> None:
    said = "The number is not correct: your account is out of credit, see https://example.test/a%20b&amp;c"
    assert outside_text(said, ["correct-horse-battery", "aZ4=+/=kQ93xx", KEY, PASSWORD]) == said


@pytest.mark.parametrize("text", ["%25" * 400_000, "&amp;" * 300_000, "\\" * 1_000_000, "ab" * 500_000])
def test_a_text_of_a_megabyte_is_looked_at_only_as_far_as_it_is_shown(text: str) -> None:
    class Counting(str):
        longest = 0

        def replace(self, *args):  # type: ignore[no-untyped-def, override]
            Counting.longest = max(Counting.longest, len(self))
            return super().replace(*args)

    assert len(outside_text(Counting(text), ["abababababab=="])) <= 300
    assert Counting.longest <= MOST_READ
    assert mask("x" * 20_000, ["secret-secret"]) == "x" * 20_000
