"""Every switch of the local Clickatell, in one place. All may be changed while it runs."""

from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from demo_data.clickatell.loopback import loopback_url
from demo_data.clickatell.message_life import STATUSES

SAMPLE_API_KEY = "c2ltdWxhdG9yLWtleS0wMQ=="
SAMPLE_USER = "plant7"
SAMPLE_PASSWORD = "simulator"
SAMPLE_API_ID = "3000001"

SECRET_FIELDS = frozenset({"api_keys", "xml_password"})


@dataclass(slots=True)
class Settings:
    """The account, its limits and its habits. A number is digits with the country code, without `+`.

    Times are seconds, prices and balances are money (EUR for the One API, credits for XML).
    """

    # Who may call
    api_keys: frozenset[str] = field(default=frozenset({SAMPLE_API_KEY}), repr=False)
    xml_user: str = SAMPLE_USER
    xml_password: str = field(default=SAMPLE_PASSWORD, repr=False)
    xml_api_id: str = SAMPLE_API_ID
    keys_refused: bool = False  # every key and password is wrong: 401/1, fault 001
    allowed_ips: frozenset[str] | None = None  # None: any; otherwise code 7, fault 007
    account_active: bool = True  # False: code 2, fault 004
    integration_active: bool = True  # False: code 3
    wrong_credentials_fault: str = "001"  # or 002, 108
    session_idle: float = 900.0  # XML: a session unused for longer has expired (fault 003)

    # Money
    balance: Decimal = Decimal("100.00")  # One API, at the start
    currency: str = "EUR"
    price: Decimal = Decimal("0.045")  # One API, for each part
    credits: Decimal = Decimal("500")  # XML, at the start
    credit_price: Decimal = Decimal("1")  # XML, for each part

    # Limits
    max_per_call: int = 100  # messages in one One API call (200 in older documents)
    most_parts: int = 3  # One API "message parts", and the preset of XML's `concat`
    max_content: int = 10_000  # characters; above: code 24
    messages_per_second: int | None = None  # None: no limit; above: 400 with code 43, fault 130
    channels: frozenset[str] = frozenset({"sms", "whatsapp"})  # active ones; code 38 or 39 otherwise
    senders: frozenset[str] | None = frozenset()  # One API `from`: two-way numbers (45); None: any
    suspended_senders: frozenset[str] = frozenset()  # One API `from`: code 44
    xml_senders: frozenset[str] | None = None  # XML `from`: registered ones; None: any legal one
    wrong_sender_fault: str = "106"  # or 123
    opted_out: frozenset[str] = frozenset()  # code 26, fault 122
    sandbox: frozenset[str] | None = None  # test phones of a sandbox set-up; others get code 28

    # Forms of the answer, where sources differ
    prefix: str = ""  # before every path of both APIs
    balance_paths: tuple[str, ...] = ("/v1/balance", "/public-client/balance")
    all_refused_status: int = 207  # or 400, when several messages are all refused
    unknown_path_status: int = 404  # or 400, with code 41
    null_id_when_refused: bool = True  # False: `apiMessageId` is absent
    null_error_when_accepted: bool = True  # False: `error` is absent
    echo_client_id: bool = False  # `clientMessageId` in the reply to a send
    messages_in_error: str = "absent"  # or "null", "empty": `messages` beside a top-level error
    empty_sequence_no: bool = True  # XML: an empty element when the call had none

    # Life of an accepted message
    sent_after: float = 0.5  # QUEUED -> SENT_TO_SUPPLIER
    delivered_after: float = 2.0  # -> DEVICE_ACK, or what `endings` says
    endings: dict[str, str] = field(default_factory=dict)  # number -> final status name
    reporting_lag: float = 0.0  # XML: queryMsg answers 001 for so long

    # Status callbacks (none without a URL)
    callback_url: str | None = None
    callback_timeout: float = 5.0
    callback_retry: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)  # pauses after an answer that is not 2xx
    callback_duplicates: bool = False
    callback_reversed: bool = False  # the latest event first

    # Transport
    latency: float = 0.0  # added to every answer
    idle_limit: float = 30.0  # a keep-alive connection unused for longer is closed
    accept_rate: float = 1.0  # share of messages accepted; the others get a transient answer
    seed: int | None = None  # makes ids and random choices repeatable
    keep_calls: int = 50_000  # calls held in the log; the oldest go first

    def __post_init__(self) -> None:
        for name in (each.name for each in fields(self)):
            setattr(self, name, _checked(name, getattr(self, name)))

    def change(self, values: dict[str, Any]) -> None:
        """Set switches by name from plain JSON values. All or none; `ValueError` says what is wrong."""
        known = {each.name for each in fields(self)}
        unknown = [name for name in values if name not in known]
        if unknown:
            raise ValueError(f"There is no setting named {unknown[0]!r}.")
        checked = {name: _checked(name, value) for name, value in values.items()}
        for name, value in checked.items():
            setattr(self, name, value)


def preset(name: str) -> Any:
    """The value a setting has when nobody sets it."""
    each = next(each for each in fields(Settings) if each.name == name)
    return each.default_factory() if each.default_factory is not MISSING else each.default


_OPTIONAL = frozenset(
    {"allowed_ips", "messages_per_second", "senders", "xml_senders", "sandbox", "callback_url", "seed"}
)
_OPTIONAL_TYPES: dict[str, type] = {"messages_per_second": int, "seed": int, "callback_url": str}
_AT_LEAST_ONE = frozenset({"max_per_call", "most_parts", "messages_per_second", "keep_calls"})
_CHOICES: dict[str, tuple[Any, ...]] = {
    "wrong_credentials_fault": ("001", "002", "108"),
    "wrong_sender_fault": ("106", "123"),
    "all_refused_status": (207, 400),
    "unknown_path_status": (404, 400),
    "messages_in_error": ("absent", "null", "empty"),
}


def _checked(name: str, value: Any) -> Any:
    """The value in the setting's own type, or `ValueError` with a sentence."""
    if value is None and name in _OPTIONAL:
        return None
    kind = _OPTIONAL_TYPES.get(name) or (frozenset if name in _OPTIONAL else type(preset(name)))
    try:
        value = _convert(kind, value)
    except (TypeError, ValueError, InvalidOperation):
        raise ValueError(f"{name} cannot be {value!r}: a {kind.__name__} is needed.") from None
    if name == "callback_url":
        loopback_url(value)
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ValueError(f"{name} must be one of {', '.join(map(str, _CHOICES[name]))}.")
    if name == "endings" and (wrong := set(value.values()) - set(STATUSES)):
        raise ValueError(f"endings: there is no status named {min(map(str, wrong))}.")
    if name in _AT_LEAST_ONE and value < 1:
        raise ValueError(f"{name} must be at least 1.")
    if kind in (float, Decimal) and name != "balance" and name != "credits" and not value >= 0:
        raise ValueError(f"{name} must not be negative.")
    if name == "accept_rate" and value > 1:
        raise ValueError("accept_rate is a share from 0 to 1.")
    return value


def _convert(kind: type, value: Any) -> Any:
    if kind is Decimal:
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError
        return number
    if kind is frozenset or kind is tuple:
        if isinstance(value, str):
            raise TypeError
        return kind(value)
    if kind is dict:
        return dict(value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError
    return value
