"""The error codes of both Clickatell APIs: what each one means, and what follows from it.

Texts and HTTP levels are Clickatell's ("One API errors table"; "API error codes" for the
legacy family that the XML API belongs to). What follows from each code is this program's
reading of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scheduling.gateways.outcome import Outcome
from storage.vocabulary import OutcomeKind

ACCOUNT, BUSY, REJECTED, UNKNOWN = (
    OutcomeKind.ACCOUNT,
    OutcomeKind.BUSY,
    OutcomeKind.REJECTED,
    OutcomeKind.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Code:
    """One row of an error table.

    `meaning` is Clickatell's own text, `advice` what to check. `warns` marks the codes that
    refuse one message only, and yet tell something about the handler's set-up. `limits` marks
    the busy codes that limit the whole account: its other messages wait too.
    """

    kind: OutcomeKind
    meaning: str
    advice: str
    warns: bool = False
    limits: bool = False


_REPORT = "This is a fault in commsdesk's request, not in your settings: please report it with the time"
_NUMBER = "Check the recipient's telephone number: it needs the country calling code, e.g. +61 400 000 000"
_SHORTEN = "Shorten the message, or raise Most parts on the handler and the parts allowed in the portal"
_FROM = "Check From on the handler: it must be a number or name that Clickatell has approved for this account"
_LOGIN = (
    "Check User Name, Password and API ID on the handler: they are those of the legacy Clickatell account"
)
_IP = (
    "Add this site's public IP address to the allowed addresses in the Clickatell account, or lift the limit"
)
_TOP_UP = "The account has run out of credit: top it up in the Clickatell portal; sending goes on by itself"
_WAIT = "Nothing to do: the message is tried again. If it goes on, see Clickatell's status page"
_OPTED_OUT = "The recipient has asked for no more messages: they must opt in again before they can be reached"

ONE_API: Mapping[str, Code] = {
    "1": Code(
        ACCOUNT,
        "Invalid or missing integration API Key",
        "Check the API Key under One API Details in the Clickatell portal, "
        "and that the integration is in Production",
    ),
    "2": Code(ACCOUNT, "Account is not active", "Ask Clickatell to activate the account"),
    "3": Code(ACCOUNT, "Integration is not active", "Switch the integration on in the Clickatell portal"),
    "7": Code(ACCOUNT, "Originating IP address is not approved in your account", _IP),
    "18": Code(UNKNOWN, "Internal error", "Clickatell failed inside: see its status page"),
    "19": Code(BUSY, "Internal error, please retry", _WAIT),
    "20": Code(ACCOUNT, "Insufficient account balance", _TOP_UP),
    "21": Code(REJECTED, "Payload data is malformed", _REPORT),
    "22": Code(REJECTED, "Maximum messages per request payload exceeded", _REPORT),
    "23": Code(REJECTED, "Invalid or missing parameter", "Check that the message has a text and a number"),
    "24": Code(REJECTED, "Maximum message content size exceeded", _SHORTEN),
    "25": Code(REJECTED, "Invalid recipient address", _NUMBER),
    "26": Code(REJECTED, "Recipient opted out", _OPTED_OUT),
    "27": Code(REJECTED, "Recipient not available on channel", "Use another channel for this recipient"),
    "28": Code(
        REJECTED,
        "Recipient not available on sandbox",
        "The integration is in Sandbox and reaches verified test phones only: "
        "switch it to Production in the Clickatell portal",
        warns=True,
    ),
    "30": Code(REJECTED, "Content type not supported", _REPORT),
    "31": Code(REJECTED, "Media file size exceeds limit", _REPORT),
    "32": Code(REJECTED, "Media payload size exceeds limit", _REPORT),
    "33": Code(REJECTED, "Media item not found", _REPORT),
    "38": Code(
        ACCOUNT,
        "Channel/feature is not active on integration",
        "Switch the channel on for this integration in the Clickatell portal",
    ),
    "39": Code(
        ACCOUNT,
        "Channel is not available on integration",
        "Check Channel on the handler: this API Key's integration does not have it",
    ),
    "40": Code(REJECTED, "Character set is not supported", _REPORT),
    "41": Code(REJECTED, "Resource does not exist", "Check the base URL of the handler: its path is wrong"),
    "42": Code(
        REJECTED, "HTTP method is not supported on this resource", "Check the base URL of the handler"
    ),
    "43": Code(BUSY, "Rate limit", "Set a rate limit on the handler if this comes often", limits=True),
    "44": Code(ACCOUNT, "FROM number is suspended", _FROM),
    "45": Code(ACCOUNT, "FROM number is not related to integration", _FROM),
    "46": Code(ACCOUNT, "Demo access has expired", "Ask Clickatell for a full account"),
    "100": Code(
        REJECTED,
        "Maximum message parts exceeded",
        "Shorten the message, or switch on Enable message parts for the integration in the Clickatell portal",
    ),
    "101": Code(
        REJECTED,
        "Destination does not support two-way messaging",
        "Send to this number from a one-way integration",
    ),
    "110": Code(
        REJECTED,
        "USA country limit: must use two-way integration",
        "Numbers in the USA need a two-way integration",
        warns=True,
    ),
    "111": Code(
        REJECTED,
        "USA country limit: must enable STOP/SUBSCRIBE commands on integration",
        "Numbers in the USA need the STOP and SUBSCRIBE commands: switch them on in the Clickatell portal",
        warns=True,
    ),
}

XML_API: Mapping[str, Code] = {
    "001": Code(ACCOUNT, "Authentication failed", _LOGIN),
    "002": Code(ACCOUNT, "Unknown username or password", _LOGIN),
    "003": Code(BUSY, "Session ID expired", _WAIT),
    "004": Code(ACCOUNT, "Account frozen", "Ask Clickatell why the account is frozen"),
    "005": Code(REJECTED, "Missing session ID", _REPORT),
    "007": Code(ACCOUNT, "IP Lockdown violation", _IP),
    "100": Code(REJECTED, "Data malformed", _REPORT),
    "101": Code(REJECTED, "Invalid or missing parameters", "Check that the message has a text and a number"),
    "102": Code(REJECTED, "Invalid user data header", _REPORT),
    "103": Code(REJECTED, "Unknown API message ID", "Clickatell does not know this message (yet)"),
    "104": Code(REJECTED, "Unknown client message ID", "Clickatell does not know this message (yet)"),
    "105": Code(REJECTED, "Invalid destination address", _NUMBER),
    "106": Code(ACCOUNT, "Invalid source address", _FROM),
    "107": Code(REJECTED, "Empty message", "Enter a text for the message"),
    "108": Code(
        ACCOUNT, "Invalid or missing API ID", "Check API ID on the handler: it is a number of its own"
    ),
    "109": Code(REJECTED, "Missing message ID", _REPORT),
    "110": Code(REJECTED, "Error with email message", _REPORT),
    "111": Code(REJECTED, "Invalid protocol", _REPORT),
    "112": Code(REJECTED, "Invalid message type", _REPORT),
    "113": Code(REJECTED, "Maximum message parts exceeded", _SHORTEN),
    "114": Code(
        REJECTED, "Cannot route message", "Clickatell has no route to this number's network at present"
    ),
    "115": Code(REJECTED, "Message expired", "Send it again as a new message"),
    "116": Code(REJECTED, "Invalid Unicode data", _REPORT),
    "120": Code(REJECTED, "Invalid delivery time", _REPORT),
    "121": Code(
        REJECTED,
        "Destination mobile number blocked",
        "Ask Clickatell why messages to this number are blocked",
    ),
    "122": Code(REJECTED, "Destination mobile opted out", _OPTED_OUT),
    "123": Code(ACCOUNT, "Invalid Sender ID", _FROM),
    "128": Code(REJECTED, "Number delisted", "Clickatell no longer sends to this number: use another one"),
    "130": Code(
        BUSY,
        "Maximum MT limit exceeded",
        "The account's message limit is used up: ask Clickatell to raise it; sending goes on when it ends",
        limits=True,
    ),
    "201": Code(REJECTED, "Invalid batch ID", _REPORT),
    "202": Code(REJECTED, "No batch template", _REPORT),
    "301": Code(ACCOUNT, "No credit left", _TOP_UP),
    "302": Code(
        REJECTED,
        "Max allowed credit",
        "This message costs more than the account's limit for one message: raise it or shorten the message",
        warns=True,
    ),
    "605": Code(REJECTED, "Invalid voucher", _REPORT),
    "606": Code(REJECTED, "Voucher used already", _REPORT),
    "607": Code(REJECTED, "Voucher without credit", _REPORT),
    "901": Code(BUSY, "Internal error", _WAIT),
}

RESUME_ON_BALANCE = frozenset({"1", "2", "3", "7", "001", "002", "004", "007", "108"})
"""Account codes after which the handler goes on when a balance call succeeds."""

RESUME_ON_TOP_UP = frozenset({"20", "301"})
"""Account codes after which it goes on when the balance has risen, or one message is accepted."""

RESUME_ON_PROBE = frozenset({"38", "39", "44", "45", "46", "106", "123"})
"""Set-up codes: the balance says nothing; a saved edit or one accepted message shows the recovery."""


class Recovery(StrEnum):
    """How a paused handler is found to be well again. An operator's *go on* ends each of them."""

    BALANCE_ANSWERS = "balance_answers"
    BALANCE_ROSE = "balance_rose"  # or one probe message is accepted
    PROBE_ACCEPTED = "probe_accepted"  # or an edit is saved
    AT_TIME = "at_time"  # the gateway named it
    TIME_OR_ACCEPTED = "time_or_accepted"  # it named none: until the next planned attempt

    @property
    def by_message(self) -> bool:
        """Whether an accepted message shows it."""
        return self not in (Recovery.BALANCE_ANSWERS, Recovery.AT_TIME)


def limits_all(outcome: Outcome) -> bool:
    """Whether a busy answer concerns every message of the account: codes 43 and 130, HTTP 429.

    All others ("internal error, please retry": 19, 901, a session that ended) concern one call.
    """
    if outcome.kind is not BUSY:
        return False
    row = ONE_API.get(outcome.code or "") or XML_API.get(outcome.code or "")
    return outcome.http_status == 429 or (row is not None and row.limits)


def recovery(code: str | None, http_status: int | None = None) -> Recovery:
    """What shows that an account error is over.

    Without a code the HTTP status decides: 402 is about money; for every other (a refused
    key, a wrong address) a balance call that succeeds is the proof.
    """
    if code in RESUME_ON_TOP_UP or (code is None and http_status == 402):
        return Recovery.BALANCE_ROSE
    return Recovery.PROBE_ACCEPTED if code in RESUME_ON_PROBE else Recovery.BALANCE_ANSWERS
