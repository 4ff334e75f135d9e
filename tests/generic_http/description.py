"""What a call needs: an address, a method, headers that hold a secret, a body, and what to look for."""

from scheduling.clock import Clock
from scheduling.gateways.description import BadSetting, Batch, Gateway, Kind, Setting
from scheduling.gateways.outcome import HandlerConfig, Sender

HEADERS = "Authorization: {secret}\nContent-Type: application/json"
BODY = '{"to": "{number}", "text": "{text}"}'


def _sender(cfg: HandlerConfig, clock: Clock) -> Sender:
    # Imported here: the HTTP library is slow to load.
    from tests.generic_http.sender import GenericHttpSender

    return GenericHttpSender(cfg, clock)


def check_headers(headers: str) -> None:
    for line in headers.splitlines():
        name, colon, _ = line.partition(":")
        if not colon or not name.strip().isascii() or not name.strip():
            raise BadSetting("Headers must be lines such as Authorization: {secret}")


def check_body(body: str) -> None:
    if "{text}" not in body or not ("{number}" in body or "{digits}" in body):
        raise BadSetting("Body must hold {text}, and {number} or {digits}")


GATEWAY = Gateway(
    name="http",
    label="Generic HTTP",
    provider="the gateway",
    settings=(
        Setting(
            key="url",
            label="URL",
            kind=Kind.ADDRESS,
            required=True,
            example="https://gateway.example/send",
            option="--url",
            metavar="URL",
            usage="where it is called",
            guards_secret=True,
        ),
        Setting(
            key="header_secret",
            label="Header Secret",
            kind=Kind.SECRET,
            option="--header-secret-file",
            usage="the file that holds what stands for {secret} in the headers",
        ),
        Setting(
            key="method",
            label="Method",
            kind=Kind.CHOICE,
            preset="POST",
            required=True,
            choices=("POST", "PUT"),
            option="--method",
            usage="POST is the preset, PUT another",
        ),
        Setting(
            key="headers",
            label="Headers",
            kind=Kind.LONG_TEXT,
            preset=HEADERS,
            help="A line each; {secret} stands for the Header Secret.",
            option="--headers",
            usage="one a line, {secret} for the secret",
            json="http_headers",
            check=check_headers,
        ),
        Setting(
            key="body",
            label="Body",
            kind=Kind.LONG_TEXT,
            preset=BODY,
            required=True,
            option="--body",
            usage="the template, with {number}, {digits}, {text} and {id}",
            check=check_body,
        ),
        Setting(
            key="accepted",
            label="Accepted when it holds",
            help="Blanks do not count. Empty: every answer that is no error.",
            option="--accepted",
            usage="what an answer holds that accepts the message",
            on_more=True,
        ),
        Setting(
            key="id_name",
            label="Name of the id",
            option="--id-name",
            usage="the answer's field with the message's id",
            on_more=True,
        ),
        Setting(
            key="check_url",
            label="Check URL",
            kind=Kind.ADDRESS,
            example="https://gateway.example/health",
            option="--check-url",
            metavar="URL",
            usage="asked to see that it is there and takes the secret",
            on_more=True,
            guards_secret=True,
        ),
    ),
    batch=Batch(preset=1, most=1, of_alerts=1),
    codes={},
    make_sender=_sender,
    needs="the URL and the secret of a service that takes messages by HTTP",
    account="{method} {url}",
    credentials="Header Secret",
    subject="method",
    tells_delivery=False,
)
