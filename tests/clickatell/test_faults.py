"""The plan of faults, and the answers that they bend."""

import json
import random
from typing import Any

import pytest

from demo_data.clickatell.account import Account
from demo_data.clickatell.exchange import ONE, XML, Answer
from demo_data.clickatell.fault_kinds import KINDS, explain_kinds
from demo_data.clickatell.faults import Fault, FaultError, FaultPlan, Rule
from demo_data.clickatell.gateway import Gateway
from demo_data.clickatell.settings import Settings
from tests.clickatell.helpers import Now, call, get_request, send_request, text_to, xml_replies, xml_request


def gateway(**settings: Any) -> Gateway:
    chosen = Settings(seed=1, **settings)
    return Gateway(chosen, Account(chosen, Now()), FaultPlan(chosen))


def send_one(desk: Gateway, *faults: str, count: int = 1) -> Answer:
    desk.faults.next(*faults)
    request = send_request(*[text_to(f"44770090010{n}") for n in range(count)])
    return desk.answer(request, desk.fault_for(request), 1)


def send_xml(desk: Gateway, *faults: str, count: int = 1) -> list[tuple[str, dict[str, str]]]:
    desk.faults.next(*faults)
    request = xml_request(
        *(call("sendMsg", to=f"44770090010{n}", text="x", sequence_no=str(n)) for n in range(count))
    )
    answer = desk.answer(request, desk.fault_for(request), 1)
    assert answer.status == 200
    return xml_replies(answer.body)


TOP_LEVEL = {
    "error-18": (500, 18),
    "error-19": (503, 19),
    "rate-400": (400, 43),
    "unauthorized": (401, 1),
    "ip-blocked": (401, 7),
    "account-frozen": (400, 2),
    "error=46": (400, 46),
    "error=977": (400, 977),
}


@pytest.mark.parametrize("fault", TOP_LEVEL)
def test_the_whole_call_refused(fault: str) -> None:
    desk = gateway()
    reply = send_one(desk, fault, count=2)
    assert isinstance(reply.document, dict) and reply.document.keys() == {"error"}
    assert (reply.status, reply.document["error"]["code"]) == TOP_LEVEL[fault]
    assert not desk.account.messages


@pytest.mark.parametrize("fault", ["html-502", "html-504", "http-500", "http-503", "error-18"])
@pytest.mark.parametrize("side", ["", "-before", "-after"])
def test_another_answer_with_the_call_carried_out_or_not(fault: str, side: str) -> None:
    desk = gateway()
    reply = send_one(desk, fault + side)
    assert reply.status == int(fault[-3:]) if fault != "error-18" else 500
    assert reply.body.startswith(b"<html>") == fault.startswith("html")
    assert len(desk.account.messages) == (1 if side == "-after" else 0)
    assert desk.log.calls()[-1].accepted == len(desk.account.messages)


def test_too_many_requests_with_and_without_a_time() -> None:
    desk = gateway()
    assert (send_one(desk, "rate-429").status, send_one(desk, "rate-429").headers) == (429, ())
    assert send_one(desk, "rate-429-after").headers == (("Retry-After", "7"),)
    assert send_one(desk, "rate-429-after:2").headers == (("Retry-After", "2"),)
    assert send_one(desk, "redirect").status == 307
    assert not desk.account.messages


MESSAGES = {
    "message-18": (207, [18, 18, 18]),
    "message-19": (207, [19, 19, 19]),
    "message-error=26": (207, [26, 26, 26]),
    "unknown-code": (207, [977, 977, 977]),
    "no-money": (207, [None, 20, 20]),
    "partial-207": (207, [None, 19, None]),
}


@pytest.mark.parametrize("fault", MESSAGES)
def test_some_messages_refused(fault: str) -> None:
    desk = gateway()
    reply = send_one(desk, fault, count=3)
    assert isinstance(reply.document, dict)
    codes = [each["error"] and each["error"]["code"] for each in reply.document["messages"]]
    assert (reply.status, codes) == MESSAGES[fault]
    assert len(desk.account.messages) == codes.count(None) == desk.log.calls()[-1].accepted


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("no-money", 402),
        ("partial-207", 503),
        ("message-18", 500),
        ("message-19", 503),
        ("unknown-code", 400),
    ],
)
def test_a_single_message_refused_has_its_codes_status(fault: str, status: int) -> None:
    assert send_one(gateway(), fault).status == status


SHAPES = {
    "messages-null": {"messages": None, "error": None},
    "messages-missing": {"error": None},
    "messages-empty": {"messages": [], "error": None},
}


@pytest.mark.parametrize("side", ["", "-before", "-after"])
@pytest.mark.parametrize("fault", [*SHAPES, "wrong-json", "not-json", "empty-202"])
def test_answers_out_of_shape(fault: str, side: str) -> None:
    desk = gateway()
    reply = send_one(desk, fault + side)
    assert reply.status == 202
    if fault in SHAPES:
        assert reply.document == SHAPES[fault]
    elif fault == "empty-202":
        assert reply.body == b""
    else:
        assert (reply.body == b'["ok",1]') == (fault == "wrong-json")
    if fault == "not-json":
        with pytest.raises(ValueError):
            json.loads(reply.body)
    assert len(desk.account.messages) == (0 if side == "-before" else 1)


def test_results_shuffled_missing_or_with_more_fields() -> None:
    desk = gateway()
    shuffled = send_one(desk, "shuffled", count=5).document
    assert isinstance(shuffled, dict)
    numbers = [each["to"] for each in shuffled["messages"]]
    assert numbers != sorted(numbers) and sorted(numbers) == [f"44770090010{n}" for n in range(5)]
    missing = send_one(desk, "missing-result", count=5).document
    assert isinstance(missing, dict) and len(missing["messages"]) == 4
    extra = send_one(desk, "extra-fields").document
    assert isinstance(extra, dict) and {"traceId", "messages", "error"} < extra.keys()
    assert {"traceId", "links", "apiMessageId", "accepted"} < extra["messages"][0].keys()
    text = send_one(desk, "code-as-text").document
    assert isinstance(text, dict) and text["messages"][0]["error"]["code"] == "25"
    assert len(desk.account.messages) == 11


def test_a_bent_answer_to_a_refused_call_stays_a_refusal() -> None:
    desk = gateway(keys_refused=True)
    for fault in ("shuffled", "missing-result", "messages-null", "code-as-text"):
        assert send_one(desk, fault).status == 401


XML_FAULTS = {
    "xml-901": "901, Internal error",
    "xml-301": "301, No credit left",
    "xml-fault=128": "128, Number delisted",
    "unauthorized": "001, Authentication failed",
    "ip-blocked": "007, IP Lockdown violation",
    "account-frozen": "004, Account frozen",
    "xml-130=60": f"130, Maximum MT limit exceeded until {int(Now()().timestamp()) + 60}",
    "message-19": "901, Internal error",
}


@pytest.mark.parametrize("fault", XML_FAULTS)
def test_xml_calls_refused(fault: str) -> None:
    desk = gateway()
    replies = send_xml(desk, fault, count=2)
    assert replies == [("sendMsgResp", {"fault": XML_FAULTS[fault], "sequence_no": n}) for n in "01"]
    assert not desk.account.messages


def test_xml_answers_out_of_shape() -> None:
    desk = gateway()
    assert send_xml(desk, "xml-error")[0][0] == "xmlErrorResp" and not desk.account.messages
    assert send_xml(desk, "xml-no-answer-element") == [("sendMsgResp", {"sequence_no": "0"})]
    assert len(desk.account.messages) == 1
    assert send_xml(desk, "xml-no-answer-element-before") == [("sendMsgResp", {"sequence_no": "0"})]
    assert len(desk.account.messages) == 1
    assert send_xml(desk, "xml-no-sequence")[0][1].keys() == {"apiMsgId"}
    assert [each["sequence_no"] for _, each in send_xml(desk, "shuffled", count=2)] == ["1", "0"]
    assert len(send_xml(desk, "missing-result", count=3)) == 2
    assert send_xml(desk, "extra-fields")[0][1].keys() == {"traceId", "apiMsgId", "sequence_no"}
    partial = send_xml(desk, "partial-207", count=4)
    assert [each.get("fault", "")[:3] for _, each in partial] == ["", "901", "", "901"]
    poor = send_xml(desk, "no-money", count=4)
    assert [each.get("fault", "")[:3] for _, each in poor] == ["", "", "301", "301"]


def test_every_kind_that_suits_an_api_can_be_met_there() -> None:
    for name, kind in KINDS.items():
        if ONE in kind.apis:
            assert send_one(gateway(), name, count=3).status
        if XML in kind.apis:
            desk = gateway()
            desk.faults.next(name)
            request = xml_request(call("sendMsg", to="447700900100", text="x"))
            assert desk.answer(request, desk.fault_for(request), 1).status
            assert desk.log.calls()[-1].fault.startswith(name)


def test_a_queued_fault_waits_for_a_call_that_it_suits() -> None:
    desk = gateway()
    desk.faults.next("xml-901", "http-503@balance", "error-19")
    assert desk.fault_for(get_request("/v1/message/1")) is None
    assert str(desk.fault_for(send_request(text_to()))) == "error-19"
    assert str(desk.fault_for(get_request("/v1/balance"))) == "http-503-before@balance"
    assert desk.fault_for(send_request(text_to())) is None
    assert desk.faults.pending() == ["xml-901"]
    assert desk.fault_for(xml_request(call("getBalance"))) is None
    assert str(desk.fault_for(xml_request(call("getBalance"), call("sendMsg")))) == "xml-901"


def hits(plan: FaultPlan, calls: int) -> list[int]:
    return [n for n in range(1, calls + 1) if plan.choose(ONE, "send") is not None]


def test_every_so_many_calls_at_most_so_often() -> None:
    plan = FaultPlan(Settings())
    plan.every("reset-after:4:2")
    assert hits(plan, 20) == [4, 8]
    plan.clear()
    plan.every("reset:3", "close@balance:1", "timeout:2")
    found = [str(plan.choose(ONE, "send") or "") for _ in range(6)]
    assert found == ["", "timeout-after", "reset-after", "timeout-after", "", "reset-after"]
    assert plan.rules() == ["reset-after:3", "close-after@balance:1", "timeout-after:2"]


def test_a_queued_fault_goes_before_the_rules_which_go_on_counting() -> None:
    plan = FaultPlan(Settings())
    plan.every("reset:2")
    plan.next("close", "close")
    assert [str(plan.choose(ONE, "send") or "") for _ in range(4)] == [
        "close-after", "close-after", "", "reset-after"
    ]  # fmt: skip


def test_chance_is_repeatable_with_a_seed() -> None:
    def run(seed: int) -> list[int]:
        plan = FaultPlan(Settings(seed=seed))
        plan.every("reset:20%")
        return hits(plan, 500)

    assert run(1) == run(1) != run(2)
    assert 60 < len(run(1)) < 140


def test_the_accept_rate_refuses_a_share_of_the_messages_for_now() -> None:
    desk = gateway(accept_rate=0.7, balance=10_000)
    reply = send_one(desk, count=10)
    for _ in range(29):
        reply = send_one(desk, count=10)
    assert isinstance(reply.document, dict)
    assert {each["error"]["code"] for each in reply.document["messages"] if each["error"]} <= {19}
    assert 180 < len(desk.account.messages) < 240
    assert all("901" in each["fault"] for _, each in send_xml(gateway(accept_rate=0), count=3))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("delay", "delay-after=5"),
        (" delay-before=0.5@any ", "delay-before=0.5@any"),
        ("rate-429-after:7", "rate-429-after=7"),
        ("html-502", "html-502-before"),
        ("rate-429", "rate-429"),
        ("error=43@balance", "error=43@balance"),
    ],
)
def test_a_fault_is_read_and_written(text: str, written: str) -> None:
    assert str(Fault.parse(text)) == written
    assert Fault.parse(written) == Fault.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resett", "Did you mean reset?"),
        ("", "no fault named ''"),
        ("shuffled-before", "no fault named 'shuffled-before'"),
        ("shuffled=3", "takes no value"),
        ("delay=soon", "'soon' is not a number"),
        ("delay=-1", "from 0 to 1,000,000"),
        ("delay=nan", "from 0 to 1,000,000"),
        ("delay@home", "one of send, balance, status, any"),
    ],
)
def test_a_fault_that_cannot_be_read(text: str, said: str) -> None:
    plan = FaultPlan(Settings())
    with pytest.raises(FaultError, match=said.replace("?", r"\?")):
        plan.next("reset", text)
    assert plan.pending() == []


@pytest.mark.parametrize(
    "text", ["reset", "reset:0", "reset:-1", "reset:x", "reset:1:0", "reset:101%", "reset:1:2:3", "x:1"]
)
def test_a_rule_that_cannot_be_read(text: str) -> None:
    with pytest.raises(FaultError):
        Rule.parse(text)


def test_the_table_explains_itself() -> None:
    rows = explain_kinds()
    assert len(rows) == len(KINDS) == len({written for written, _ in rows})
    assert all(explained and "\n" not in explained for _, explained in rows)
    assert (
        "delay[-before][=5]",
        "the answer comes late; -before: what is late is the decision (seconds)",
    ) in rows


def test_shuffling_never_gives_the_order_of_the_request() -> None:
    document = {"messages": [{"n": 1}, {"n": 2}], "error": None}
    reshape = KINDS["shuffled"].reshape
    assert reshape is not None
    for seed in range(20):
        bent = reshape(document, 0, random.Random(seed))
        assert isinstance(bent, dict) and bent["messages"] == [{"n": 2}, {"n": 1}]
