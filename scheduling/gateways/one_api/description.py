"""What the One API needs to know of a handler, and how much it takes at once."""

from scheduling.clock import Clock
from scheduling.gateways.clickatell import PROVIDER
from scheduling.gateways.description import BadSetting, Batch, Gateway, Kind, Setting
from scheduling.gateways.one_api.codes import CODES, MOST_MESSAGES
from scheduling.gateways.outcome import HandlerConfig, Sender

BASE_URL = "https://platform.clickatell.com"


def _sender(cfg: HandlerConfig, clock: Clock) -> Sender:
    # Imported here: the HTTP library is slow to load, and a command that only queues needs none.
    from scheduling.gateways.one_api.sender import OneApiSender

    return OneApiSender(cfg, clock)


def check_channel(channel: str) -> None:
    if not channel or len(channel) > 40 or not channel.isprintable() or " " in channel:
        raise BadSetting("Channel must be one word: SMS is the preset, whatsapp another")


def check_base_url(url: str) -> None:
    if url.endswith(("/v1", "/v1/message", "/messages")):
        raise BadSetting(f"Base URL must end before the path of the call: the preset is {BASE_URL}")


GATEWAY = Gateway(
    name="one",
    label="One API",
    provider=PROVIDER,
    settings=(
        Setting(
            key="api_key",
            label="API Key",
            kind=Kind.SECRET,
            help="In the Clickatell portal: One API Details.",
            option="--api-key-file",
            usage="the file that holds the API Key, - for standard input",
        ),
        Setting(
            key="channel",
            label="Channel",
            preset="SMS",
            choices=("SMS", "whatsapp"),
            help="SMS, or another such as whatsapp.",
            option="--channel",
            usage="SMS is the preset, whatsapp another",
            check=check_channel,
        ),
        Setting(
            key="base_url",
            label="Base URL",
            kind=Kind.ADDRESS,
            preset=BASE_URL,
            help="Where the One API is; preset: Clickatell's.",
            option="--base-url",
            metavar="URL",
            usage="where it is called",
            on_more=True,
            guards_secret=True,
            check=check_base_url,
        ),
    ),
    # A cut answer makes all of a call unknown, so urgent calls are small.
    batch=Batch(preset=100, most=MOST_MESSAGES, of_alerts=10),
    codes=CODES,
    make_sender=_sender,
    needs="the API Key of an integration in the Clickatell portal",
    account="channel {channel}, {base_url}",
    credentials="API Key",
    subject="channel",
    parts_note='more than 1 needs "Enable message parts" on the integration in the Clickatell portal',
    parts_usage='above 1 needs "Enable message parts"',
)
