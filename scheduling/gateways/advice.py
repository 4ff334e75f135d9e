"""What a failure without a Clickatell code means, and what to check.

The codes carry their own advice (`codes`); here are the network's failures and the HTTP
statuses, in the order in which they are met on the way to the gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """What went wrong on the way."""

    BAD_CREDENTIALS = "bad_credentials"  # cannot even be put into a request
    BAD_ADDRESS = "bad_address"
    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NO_CONNECTION = "no_connection"
    TLS = "tls"
    PROXY = "proxy"  # it is there, and does not let us through
    CA_FILE = "ca_file"
    ALL_BUSY = "all_busy"
    CLOSED_HERE = "closed_here"  # the handler was stopped
    NO_ANSWER = "no_answer"
    LOST = "lost"  # the connection ended while the answer was awaited
    UNREADABLE = "unreadable"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Advice:
    """Two sentences for a person: what it means, and what to check."""

    means: str
    check: str


CAUSES: Mapping[Cause, Advice] = {
    Cause.BAD_CREDENTIALS: Advice(
        "The key or password cannot be sent as it is written",
        "Enter the API Key, or the User Name, Password and API ID, again on the handler",
    ),
    Cause.BAD_ADDRESS: Advice(
        "The address of the gateway is not one that can be called",
        "Check the base URL or API URI on the handler",
    ),
    Cause.DNS: Advice(
        "The name of the gateway could not be looked up",
        "Check that this machine has a network and a working DNS server, and the address on the handler;"
        " where the only way out is a proxy, enter it on the handler (Proxy)",
    ),
    Cause.PROXY: Advice(
        "The proxy does not let the call through",
        "Check Proxy, its user name and Proxy Password on the handler, and what the proxy allows",
    ),
    Cause.CA_FILE: Advice(
        "The handler's own file of certificates cannot be used",
        "Check that the CA File on the handler is there, can be read, and holds certificates in PEM form",
    ),
    Cause.REFUSED: Advice(
        "The machine at that address takes no connection on that port",
        "Check the address and port on the handler, and that no firewall stands between",
    ),
    Cause.UNREACHABLE: Advice(
        "This machine has no way to the gateway's network",
        "Check this machine's network cable or Wi-Fi, its gateway and its routes",
    ),
    Cause.NO_CONNECTION: Advice(
        "The gateway did not answer the attempt to connect",
        "Check that the firewall lets this machine reach the gateway, and the internet connection",
    ),
    Cause.TLS: Advice(
        "No secure connection could be made",
        "Check this machine's date and time, and whether a proxy or filter opens TLS connections; "
        "if so its certificate must be among the machine's trusted ones",
    ),
    Cause.ALL_BUSY: Advice(
        "All connections of this handler were in use",
        "Nothing to do: the message is tried again. If it goes on, allow the handler more connections",
    ),
    Cause.CLOSED_HERE: Advice("The handler was stopped", "Start the handler again"),
    Cause.NO_ANSWER: Advice(
        "The request left, and no answer came in time",
        "Check the internet connection, and Clickatell's status page",
    ),
    Cause.LOST: Advice(
        "The connection ended before the answer was complete",
        "Check the internet connection, and Clickatell's status page",
    ),
    Cause.UNREADABLE: Advice(
        "Something answered, but not as Clickatell does",
        "Check the address on the handler, and whether a proxy or filter answers in Clickatell's place",
    ),
    Cause.OTHER: Advice(
        "The request failed on this machine",
        "See the error; if it comes again, please report it",
    ),
}

_ADDRESS = "Check the base URL or API URI on the handler, and whether a proxy or filter answers instead"
_KEY = "Check the API Key, or the User Name, Password and API ID, on the handler"

_STATUSES: Mapping[int, Advice] = {
    401: Advice("The key or the credentials were refused", _KEY),
    402: Advice("The account's balance is too small", "Top the account up in the Clickatell portal"),
    403: Advice("Access was refused", _KEY + "; a filter on the way may refuse as well"),
    404: Advice("The address does not exist", _ADDRESS),
    405: Advice("The address does not take messages", _ADDRESS),
    407: Advice("A proxy on the way asks for a login", "Ask for direct access to the gateway"),
    410: Advice("The address is no longer in use", _ADDRESS),
    413: Advice("The request was too large", "Lower the batch size of the handler"),
    429: Advice("Too many requests", "Set a rate limit on the handler if this comes often"),
}


def explain_status(status: int) -> Advice:
    """What an HTTP status means where the answer holds no code of Clickatell's."""
    if status in _STATUSES:
        return _STATUSES[status]
    if 300 <= status < 400:
        return Advice("The address sends the caller elsewhere, which is not followed", _ADDRESS)
    if 400 <= status < 500:
        return Advice("The request was refused", _ADDRESS)
    if status >= 500:
        return Advice(
            "The gateway, or a proxy before it, failed",
            "See Clickatell's status page, and whether a proxy or filter answers in its place",
        )
    return CAUSES[Cause.UNREADABLE]
