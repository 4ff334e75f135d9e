"""What both Clickatell APIs have in common: advice to their codes, and the shape of a sender ID."""

import re

REPORT = "This is a fault in commsdesk's request, not in your settings: please report it with the time"
NUMBER = "Check the recipient's telephone number: it needs the country calling code, e.g. +61 400 000 000"
SHORTEN = "Shorten the message, or raise Most parts on the handler and the parts allowed in the portal"
FROM = "Check From on the handler: it must be a number or name that Clickatell has approved for this account"
IP = "Add this site's public IP address to the allowed addresses in the Clickatell account, or lift the limit"
TOP_UP = "The account has run out of credit: top it up in the Clickatell portal; sending goes on by itself"
WAIT = "Nothing to do: the message is tried again. If it goes on, see Clickatell's status page"
OPTED_OUT = "The recipient has asked for no more messages: they must opt in again before they can be reached"

PROVIDER = "Clickatell"

_NUMERIC_SENDER = re.compile(r"[0-9]{1,16}")
_NAMED_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")


def doubt_sender(sender: str) -> str | None:
    """Clickatell's rules for sender IDs (`from`): digits only up to 16, or up to 11 letters and digits."""
    if not sender or _NUMERIC_SENDER.fullmatch(sender) or _NAMED_SENDER.fullmatch(sender):
        return None
    if sender.startswith("+") and sender[1:].isdigit():
        return f"From {sender} begins with +: Clickatell wants the digits alone, {sender[1:]}"
    return (
        f"From {sender} may be refused: Clickatell takes up to 16 digits, or up to 11 letters and digits"
        " with at least one letter, registered in the account"
    )
