"""The error codes of Clickatell's One API: what each one means, and what follows from it.

Texts and HTTP levels are Clickatell's ("One API errors table"). What follows from each code is this
program's reading.
"""

from collections.abc import Mapping

from scheduling.gateways import clickatell
from scheduling.gateways.codes import ACCOUNT, BALANCE_ROSE, BUSY, PROBE_ACCEPTED, REJECTED, UNKNOWN, Code

MOST_MESSAGES = 100  # in a call, or code 22; Clickatell's pages say 100 and 200

CODES: Mapping[str, Code] = {
    "1": Code(
        ACCOUNT,
        "Invalid or missing integration API Key",
        "Check the API Key under One API Details in the Clickatell portal, "
        "and that the integration is in Production",
    ),
    "2": Code(ACCOUNT, "Account is not active", "Ask Clickatell to activate the account"),
    "3": Code(ACCOUNT, "Integration is not active", "Switch the integration on in the Clickatell portal"),
    "7": Code(ACCOUNT, "Originating IP address is not approved in your account", clickatell.IP),
    "18": Code(UNKNOWN, "Internal error", "Clickatell failed inside: see its status page"),
    "19": Code(BUSY, "Internal error, please retry", clickatell.WAIT),
    "20": Code(ACCOUNT, "Insufficient account balance", clickatell.TOP_UP, recovery=BALANCE_ROSE),
    "21": Code(REJECTED, "Payload data is malformed", clickatell.REPORT),
    "22": Code(REJECTED, "Maximum messages per request payload exceeded", clickatell.REPORT),
    "23": Code(REJECTED, "Invalid or missing parameter", "Check that the message has a text and a number"),
    "24": Code(REJECTED, "Maximum message content size exceeded", clickatell.SHORTEN),
    "25": Code(REJECTED, "Invalid recipient address", clickatell.NUMBER),
    "26": Code(REJECTED, "Recipient opted out", clickatell.OPTED_OUT),
    "27": Code(REJECTED, "Recipient not available on channel", "Use another channel for this recipient"),
    "28": Code(
        REJECTED,
        "Recipient not available on sandbox",
        "The integration is in Sandbox and reaches verified test phones only: "
        "switch it to Production in the Clickatell portal",
        warns=True,
    ),
    "30": Code(REJECTED, "Content type not supported", clickatell.REPORT),
    "31": Code(REJECTED, "Media file size exceeds limit", clickatell.REPORT),
    "32": Code(REJECTED, "Media payload size exceeds limit", clickatell.REPORT),
    "33": Code(REJECTED, "Media item not found", clickatell.REPORT),
    "38": Code(
        ACCOUNT,
        "Channel/feature is not active on integration",
        "Switch the channel on for this integration in the Clickatell portal",
        recovery=PROBE_ACCEPTED,
    ),
    "39": Code(
        ACCOUNT,
        "Channel is not available on integration",
        "Check Channel on the handler: this API Key's integration does not have it",
        recovery=PROBE_ACCEPTED,
    ),
    "40": Code(REJECTED, "Character set is not supported", clickatell.REPORT),
    "41": Code(
        REJECTED,
        "Resource does not exist",
        "Check the base URL of the handler: its path is wrong",
        wrong_address=True,
    ),
    "42": Code(
        REJECTED,
        "HTTP method is not supported on this resource",
        "Check the base URL of the handler",
        wrong_address=True,
    ),
    "43": Code(BUSY, "Rate limit", "Set a rate limit on the handler if this comes often", limits=True),
    "44": Code(ACCOUNT, "FROM number is suspended", clickatell.FROM, recovery=PROBE_ACCEPTED),
    "45": Code(
        ACCOUNT, "FROM number is not related to integration", clickatell.FROM, recovery=PROBE_ACCEPTED
    ),
    "46": Code(
        ACCOUNT, "Demo access has expired", "Ask Clickatell for a full account", recovery=PROBE_ACCEPTED
    ),
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
