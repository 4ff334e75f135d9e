"""What Clickatell answered to a balance call: the way there, the key or credentials, the credit.

The call costs nothing and sends nothing. What cannot be told from the answer is left out.
"""

from decimal import Decimal

from scheduling.diagnose.finding import Finding, ok, problem, warning
from scheduling.gateways.codes import RESUME_ON_TOP_UP
from scheduling.gateways.outcome import Balance, GatewayError
from scheduling.gateways.wording import said
from scheduling.money import money
from storage.records import Handler
from storage.vocabulary import ApiType, OutcomeKind

CONNECTION, ADDRESS, KEY, CREDIT = "Connection", "Address", "Key or credentials", "Balance"
WRONG_PATH = ("41", "42")  # the One API is there, and knows no such address
NOT_THERE = (404, 405, 410)  # and redirects: the address is wrong, or something answers in its place


def judge(handler: Handler, answer: Balance | GatewayError) -> list[Finding]:
    tried = f"call {address_of(handler)}"
    if isinstance(answer, Balance):
        return [
            ok(CONNECTION, tried, "Clickatell answers"),
            ok(KEY, f"ask for the balance with the {credentials_of(handler)}", "accepted"),
            credit(answer, handler.low_balance),
        ]
    found = said(answer.code, answer.error)
    if answer.kind is OutcomeKind.NOT_SENT:
        return [problem(CONNECTION, tried, found, answer.advice)]
    if answer.code is None and answer.http_status is None:
        return [problem(CONNECTION, tried, found, answer.advice)]
    reached = ok(CONNECTION, tried, "something answers")
    if answer.kind is OutcomeKind.BUSY:
        return [reached, warning("Answer", "ask for the balance", found, answer.advice)]
    if answer.code in RESUME_ON_TOP_UP or answer.http_status == 402:
        return [reached, problem(CREDIT, "ask for the balance", found, answer.advice)]
    elsewhere = answer.http_status in NOT_THERE or 300 <= (answer.http_status or 0) < 400
    if answer.code in WRONG_PATH or (answer.code is None and elsewhere):
        return [reached, problem(ADDRESS, tried, found, answer.advice)]
    if answer.kind is OutcomeKind.ACCOUNT:
        asked = f"ask for the balance with the {credentials_of(handler)}"
        return [reached, problem(KEY, asked, found, answer.advice)]
    return [reached, problem("Answer", "ask for the balance", found, answer.advice)]


def credit(answer: Balance, low: Decimal | None) -> Finding:
    tried = "ask for the balance"
    found = money(answer.amount, answer.currency)
    top_up = "top the account up in the Clickatell portal: sending goes on by itself"
    if answer.amount <= 0:
        return problem(CREDIT, tried, f"the balance is empty: {found}", top_up)
    if low is not None and answer.amount < low:
        return warning(CREDIT, tried, f"{found}, below the handler's low mark of {low}", top_up)
    return ok(CREDIT, tried, found)


def address_of(handler: Handler) -> str:
    return (handler.base_url if handler.api_type is ApiType.ONE else handler.api_uri) or "Clickatell"


def credentials_of(handler: Handler) -> str:
    return "API Key" if handler.api_type is ApiType.ONE else "User Name, Password and API ID"
