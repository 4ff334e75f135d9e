"""What Clickatell answered to a balance call: the way there, the key or credentials, the credit.

The call costs nothing and sends nothing. What cannot be told from the answer is left out.
"""

from decimal import Decimal

from scheduling.diagnose.finding import Finding, ok, problem, warning
from scheduling.gateways import registry
from scheduling.gateways.codes import Recovery, recovery
from scheduling.gateways.outcome import Balance, GatewayError
from scheduling.gateways.wording import said
from scheduling.money import money
from storage.records import Handler
from storage.vocabulary import OutcomeKind

CONNECTION, ADDRESS, KEY, CREDIT = "Connection", "Address", "Key or credentials", "Balance"
NOT_THERE = (404, 405, 410)  # and redirects: the address is wrong, or something answers in its place


def judge(handler: Handler, answer: Balance | GatewayError) -> list[Finding]:
    api = registry.of(handler.api_type)
    tried = f"call {api.address_of(handler.settings) or api.provider}"
    if isinstance(answer, Balance):
        well = [
            ok(CONNECTION, tried, f"{api.provider} answers"),
            ok(KEY, f"ask for the balance with the {api.credentials}", "accepted"),
        ]
        if answer.amount is None:
            return well
        return [*well, credit(answer.amount, answer.currency, handler.low_balance, api.provider)]
    found = said(answer.code, answer.error)
    if answer.kind is OutcomeKind.NOT_SENT:
        return [problem(CONNECTION, tried, found, answer.advice)]
    if answer.code is None and answer.http_status is None:
        return [problem(CONNECTION, tried, found, answer.advice)]
    reached = ok(CONNECTION, tried, "something answers")
    if answer.kind is OutcomeKind.BUSY:
        return [reached, warning("Answer", "ask for the balance", found, answer.advice)]
    if recovery(api.codes, answer.code) is Recovery.BALANCE_ROSE or answer.http_status == 402:
        return [reached, problem(CREDIT, "ask for the balance", found, answer.advice)]
    row = api.codes.get(answer.code or "")
    elsewhere = answer.http_status in NOT_THERE or 300 <= (answer.http_status or 0) < 400
    if (row is not None and row.wrong_address) or (answer.code is None and elsewhere):
        return [reached, problem(ADDRESS, tried, found, answer.advice)]
    if answer.kind is OutcomeKind.ACCOUNT:
        asked = f"ask for the balance with the {api.credentials}"
        return [reached, problem(KEY, asked, found, answer.advice)]
    return [reached, problem("Answer", "ask for the balance", found, answer.advice)]


def credit(amount: Decimal, currency: str | None, low: Decimal | None, provider: str) -> Finding:
    tried = "ask for the balance"
    found = money(amount, currency)
    top_up = f"top the account up in the {provider} portal: sending goes on by itself"
    if amount <= 0:
        return problem(CREDIT, tried, f"the balance is empty: {found}", top_up)
    if low is not None and amount < low:
        return warning(CREDIT, tried, f"{found}, below the handler's low mark of {low}", top_up)
    return ok(CREDIT, tried, found)
