"""XML answers in unusual clothes are understood, and nothing in them is resolved."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.gateways.outcome import Balance, Outcome
from scheduling.gateways.xml_api.reading import read_document, tag_of
from storage.vocabulary import OutcomeKind
from tests.gateways.support import PASSWORD, messages, xml_sender

ACCEPTED, REJECTED, ACCOUNT, UNKNOWN = (
    OutcomeKind.ACCEPTED,
    OutcomeKind.REJECTED,
    OutcomeKind.ACCOUNT,
    OutcomeKind.UNKNOWN,
)
WELL = "<clickAPI><sendMsgResp><apiMsgId>abc1</apiMsgId><sequence_no>1</sequence_no></sendMsgResp></clickAPI>"


async def sent(body: bytes | str) -> Outcome:
    content = body.encode() if isinstance(body, str) else body
    (outcome,) = await xml_sender(lambda request: httpx.Response(200, content=content)).send(messages(1))
    return outcome


def document(inner: str) -> str:
    return f'<?xml version="1.0"?><clickAPI>{inner}</clickAPI>'


ENCODED = {
    "UTF-16 with its mark": ('<?xml version="1.0" encoding="UTF-16"?>' + WELL).encode("utf-16"),
    "UTF-16 BE with its mark": b"\xfe\xff" + WELL.encode("utf-16-be"),
    "UTF-16 without a mark": ('<?xml version="1.0" encoding="UTF-16"?>' + WELL).encode("utf-16-le"),
    "UTF-16 BE without a mark": WELL.encode("utf-16-be"),
    "UTF-32": WELL.encode("utf-32"),
    "UTF-8 with a mark": WELL.encode("utf-8-sig"),
    "Latin-1, declared": ('<?xml version="1.0" encoding="ISO-8859-1"?>' + WELL).encode("latin-1"),
    "blank lines before": ("\r\n\r\n " + WELL).encode(),
}


@pytest.mark.parametrize("body", ENCODED.values(), ids=ENCODED.keys())
async def test_every_encoding_is_read(body: bytes) -> None:
    outcome = await sent(body)
    assert (outcome.kind, outcome.gateway_id) == (ACCEPTED, "abc1")


DECLARED = {
    "bare": "<!DOCTYPE clickAPI>",
    "system": '<!DOCTYPE clickAPI SYSTEM "http://127.0.0.1:1/x.dtd">',
    "public": "<!DOCTYPE clickAPI PUBLIC \"-//C//X\" 'file:///etc/passwd'>",
    "small letters": "<!doctype clickAPI>",
    "subset": '<!DOCTYPE clickAPI [<!ELEMENT a (b)> <!-- a > in ] a comment --> <!ENTITY e "]>">]>',
    "billion laughs": "<!DOCTYPE l [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{n} '&a{n - 1 if n else ''};&a;'>" for n in range(30))
    + "]>",
    "two of them": "<!DOCTYPE a><!DOCTYPE b [<!ENTITY c 'd'>]>",
}


@pytest.mark.parametrize("declaration", DECLARED.values(), ids=DECLARED.keys())
async def test_a_document_type_is_passed_over(declaration: str) -> None:
    outcome = await sent('<?xml version="1.0"?>' + declaration + WELL)
    assert (outcome.kind, outcome.gateway_id) == (ACCEPTED, "abc1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
async def test_no_entity_is_ever_put_in(encoding: str) -> None:
    entity = WELL.replace("abc1", "&e;")
    for declaration in (
        "",
        '<!DOCTYPE c [<!ENTITY e "abc1">]>',
        "<!DOCTYPE a><!DOCTYPE c [<!ENTITY e 'abc1'>]>",
    ):
        outcome = await sent((declaration + entity).encode(encoding))
        assert outcome.gateway_id != "abc1"
        if declaration:
            assert outcome.kind is UNKNOWN


@pytest.mark.parametrize("size", [20_000, 1_500_000])
def test_a_declaration_without_an_end_is_soon_given_up(size: int) -> None:
    assert read_document(("<!DOCTYPE a [" + "<!-- " * (size // 5)).encode()) is None
    assert read_document(("<!DOCTYPE a [" + "\"'" * (size // 2)).encode()) is None


FAULTS = {
    "105, Tom & Jerry": "Tom & Jerry",
    "105, a&b": "a&b",
    "105, a &amp; b": "a & b",
    "105, R&D; more": "R&D; more",
    "105, &#38; &#x26;": "& &",
    "105, &#0; &#xFFFF; &#99999999;": "&#0; &#xFFFF; &#99999999;",
    "105, parts < 3 & more": "parts < 3 & more",
    "105, bell \x07 rings": "bell rings",
    "105 ,  &": "&",
    "&": "&",
}


@pytest.mark.parametrize(("fault", "words"), FAULTS.items(), ids=FAULTS.keys())
async def test_a_fault_with_what_xml_would_have_escaped_is_understood(fault: str, words: str) -> None:
    outcome = await sent(document(f"<sendMsgResp><fault>{fault}</fault></sendMsgResp>"))
    assert (outcome.kind, outcome.error) == (REJECTED, words)


AUTH = "<authResp><session_id>0f3e</session_id></authResp>"


@pytest.mark.parametrize(
    ("inner", "kind", "code"),
    [
        (AUTH + "<sendMsgResp><apiMsgId>abc1</apiMsgId></sendMsgResp>", ACCEPTED, None),
        (AUTH + "<sendMsgResp><fault>105, x</fault></sendMsgResp>", REJECTED, "105"),
        ("<authResp><fault>001, Authentication failed</fault></authResp>", ACCOUNT, "001"),
        ("<authResp><fault>007, IP Lockdown violation</fault></authResp>", ACCOUNT, "007"),
        ("<sessionResp><fault>001, Authentication failed</fault></sessionResp>", ACCOUNT, "001"),
        (AUTH, UNKNOWN, None),
    ],
)
async def test_a_login_that_answers_too(inner: str, kind: OutcomeKind, code: str | None) -> None:
    outcome = await sent(document(inner))
    assert (outcome.kind, outcome.code) == (kind, code)


async def test_a_single_reply_needs_no_root_around_it() -> None:
    outcome = await sent("<sendMsgResp><apiMsgId>abc1</apiMsgId></sendMsgResp>")
    assert outcome.kind is ACCEPTED
    page = b"<!DOCTYPE html><html><body>Bad & Gateway</body></html>"
    assert (await sent(page)).kind is UNKNOWN


async def test_the_balance_is_read_from_such_answers_too() -> None:
    body = ("<!DOCTYPE clickAPI>" + document("<getBalanceResp><ok>12.5</ok></getBalanceResp>")[21:]).encode(
        "utf-16"
    )
    found = await xml_sender(lambda request: httpx.Response(200, content=body)).balance()
    assert isinstance(found, Balance)
    assert PASSWORD not in repr(found)


PIECES = st.sampled_from(
    [
        "<!DOCTYPE",
        "[",
        "]",
        ">",
        "'",
        '"',
        "&",
        "&a;",
        "&#1;",
        "<",
        "<a",
        "/>",
        "<clickAPI>",
        "</clickAPI>",
        "-->",
        "<!--",
        "<?x",
        "?>",
        "x",
    ]
)


@given(st.lists(PIECES, max_size=30), st.sampled_from(["utf-8", "utf-16", "utf-16-be"]))
def test_whatever_comes_nothing_is_raised(pieces: list[str], encoding: str) -> None:
    root = read_document("".join(pieces).encode(encoding))
    assert root is None or tag_of(root) == "clickapi"
