"""The error codes of Clickatell's XML API: what each one means, and what follows from it.

Texts are Clickatell's ("API error codes", for its whole legacy family). What follows from each code is
this program's reading.
"""

from collections.abc import Mapping

from scheduling.gateways import clickatell
from scheduling.gateways.codes import ACCOUNT, BALANCE_ROSE, BUSY, PROBE_ACCEPTED, REJECTED, Code

LOGIN = "Check User Name, Password and API ID on the handler: they are those of the legacy Clickatell account"

CODES: Mapping[str, Code] = {
    "001": Code(ACCOUNT, "Authentication failed", LOGIN),
    "002": Code(ACCOUNT, "Unknown username or password", LOGIN),
    "003": Code(BUSY, "Session ID expired", clickatell.WAIT),
    "004": Code(ACCOUNT, "Account frozen", "Ask Clickatell why the account is frozen"),
    "005": Code(REJECTED, "Missing session ID", clickatell.REPORT),
    "007": Code(ACCOUNT, "IP Lockdown violation", clickatell.IP),
    "100": Code(REJECTED, "Data malformed", clickatell.REPORT),
    "101": Code(REJECTED, "Invalid or missing parameters", "Check that the message has a text and a number"),
    "102": Code(REJECTED, "Invalid user data header", clickatell.REPORT),
    "103": Code(REJECTED, "Unknown API message ID", "Clickatell does not know this message (yet)"),
    "104": Code(REJECTED, "Unknown client message ID", "Clickatell does not know this message (yet)"),
    "105": Code(REJECTED, "Invalid destination address", clickatell.NUMBER),
    "106": Code(ACCOUNT, "Invalid source address", clickatell.FROM, recovery=PROBE_ACCEPTED),
    "107": Code(REJECTED, "Empty message", "Enter a text for the message"),
    "108": Code(
        ACCOUNT, "Invalid or missing API ID", "Check API ID on the handler: it is a number of its own"
    ),
    "109": Code(REJECTED, "Missing message ID", clickatell.REPORT),
    "110": Code(REJECTED, "Error with email message", clickatell.REPORT),
    "111": Code(REJECTED, "Invalid protocol", clickatell.REPORT),
    "112": Code(REJECTED, "Invalid message type", clickatell.REPORT),
    "113": Code(REJECTED, "Maximum message parts exceeded", clickatell.SHORTEN),
    "114": Code(
        REJECTED, "Cannot route message", "Clickatell has no route to this number's network at present"
    ),
    "115": Code(REJECTED, "Message expired", "Send it again as a new message"),
    "116": Code(REJECTED, "Invalid Unicode data", clickatell.REPORT),
    "120": Code(REJECTED, "Invalid delivery time", clickatell.REPORT),
    "121": Code(
        REJECTED,
        "Destination mobile number blocked",
        "Ask Clickatell why messages to this number are blocked",
    ),
    "122": Code(REJECTED, "Destination mobile opted out", clickatell.OPTED_OUT),
    "123": Code(ACCOUNT, "Invalid Sender ID", clickatell.FROM, recovery=PROBE_ACCEPTED),
    "128": Code(REJECTED, "Number delisted", "Clickatell no longer sends to this number: use another one"),
    "130": Code(
        BUSY,
        "Maximum MT limit exceeded",
        "The account's message limit is used up: ask Clickatell to raise it; sending goes on when it ends",
        limits=True,
    ),
    "201": Code(REJECTED, "Invalid batch ID", clickatell.REPORT),
    "202": Code(REJECTED, "No batch template", clickatell.REPORT),
    "301": Code(ACCOUNT, "No credit left", clickatell.TOP_UP, recovery=BALANCE_ROSE),
    "302": Code(
        REJECTED,
        "Max allowed credit",
        "This message costs more than the account's limit for one message: raise it or shorten the message",
        warns=True,
    ),
    "605": Code(REJECTED, "Invalid voucher", clickatell.REPORT),
    "606": Code(REJECTED, "Voucher used already", clickatell.REPORT),
    "607": Code(REJECTED, "Voucher without credit", clickatell.REPORT),
    "901": Code(BUSY, "Internal error", clickatell.WAIT),
}
