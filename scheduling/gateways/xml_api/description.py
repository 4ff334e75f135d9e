"""What the XML API needs to know of a handler, and how much it takes at once."""

from scheduling.clock import Clock
from scheduling.gateways.clickatell import PROVIDER, doubt_sender
from scheduling.gateways.description import Batch, Gateway, Kind, Setting
from scheduling.gateways.outcome import HandlerConfig, Sender
from scheduling.gateways.xml_api.codes import CODES
from scheduling.gateways.xml_api.document import MOST_MESSAGES

API_URI = "https://api.clickatell.com/xml/xml"


def _sender(cfg: HandlerConfig, clock: Clock) -> Sender:
    # Imported here: the HTTP library is slow to load, and a command that only queues needs none.
    from scheduling.gateways.xml_api.sender import XmlApiSender

    return XmlApiSender(cfg, clock)


def doubt_api_id(api_id: str) -> str | None:
    if not api_id or api_id.isdigit():
        return None
    return "API ID is usually a number: check it in the Clickatell portal"


GATEWAY = Gateway(
    name="xml",
    label="XML API",
    provider=PROVIDER,
    settings=(
        Setting(
            key="user_name",
            label="User Name",
            required=True,
            option="--user-name",
            metavar="U",
            usage="the account's User Name",
            guards_secret=True,
        ),
        Setting(
            key="password",
            label="Password",
            kind=Kind.SECRET,
            option="--password-file",
            usage="the file that holds the Password, - for standard input",
        ),
        Setting(
            key="api_id",
            label="API ID",
            required=True,
            option="--api-id",
            metavar="N",
            usage="the API ID",
            doubt=doubt_api_id,
        ),
        Setting(
            key="api_uri",
            label="API URI",
            kind=Kind.ADDRESS,
            preset=API_URI,
            choices=(API_URI, API_URI.replace("https:", "http:")),
            help="Up and down: the https or the http form.",
            option="--api-uri",
            metavar="URL",
            usage="where it is called",
            guards_secret=True,
        ),
        Setting(
            key="sender_id",
            label="From",
            help="A sender ID of the account, or empty.",
            option="--from",
            metavar="S",
            usage="the sender ID that people see",
            json="from",
            doubt=doubt_sender,
        ),
    ),
    batch=Batch(preset=1, most=MOST_MESSAGES, of_alerts=MOST_MESSAGES),
    codes=CODES,
    make_sender=_sender,
    needs="the User Name, Password and API ID of a classic account",
    account="user {user_name}, API ID {api_id}, {api_uri}",
    credentials="User Name, Password and API ID",
    subject="user_name",
    knows_ids=True,
)
