"""Settings take plain values, in their own types, or say what is wrong."""

from decimal import Decimal
from typing import Any

import pytest

from demo_data.clickatell import Clickatell, Settings
from demo_data.clickatell.settings import SAMPLE_API_KEY


def test_plain_values_are_converted() -> None:
    settings = Settings(balance="1.5", price=0.1, latency=1, api_keys=["k"], sandbox=["447700900123"])  # type: ignore[arg-type]
    assert (settings.balance, settings.price, settings.latency) == (Decimal("1.5"), Decimal("0.1"), 1.0)
    assert settings.api_keys == {"k"} and settings.sandbox == {"447700900123"}
    settings.change({"sandbox": None, "callback_retry": [1, 2], "endings": {"1": "EXPIRED"}})
    assert settings.sandbox is None and settings.callback_retry == (1, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"nonsense": 1}, "no setting named 'nonsense'"),
        ({"max_per_call": "many"}, "a int is needed"),
        ({"max_per_call": True}, "a int is needed"),
        ({"max_per_call": 0}, "at least 1"),
        ({"max_per_call": None}, "a int is needed"),
        ({"latency": -1}, "must not be negative"),
        ({"latency": float("nan")}, "must not be negative"),
        ({"price": "NaN"}, "a Decimal is needed"),
        ({"accept_rate": 1.5}, "from 0 to 1"),
        ({"keys_refused": 1}, "a bool is needed"),
        ({"opted_out": "447700900123"}, "a frozenset is needed"),
        ({"opted_out": 7}, "a frozenset is needed"),
        ({"endings": {"1": "GONE"}}, "no status named GONE"),
        ({"wrong_sender_fault": "999"}, "one of 106, 123"),
        ({"callback_url": "https://127.0.0.1/"}, "not an http"),
        ({"callback_url": "http://192.0.2.1/"}, "loopback"),
        ({"callback_url": "http://127.0.0.1:70000/"}, "range"),
    ],
)
def test_wrong_values_change_nothing(values: dict[str, Any], said: str) -> None:
    settings = Settings()
    with pytest.raises(ValueError, match=said):
        settings.change({"currency": "USD", **values})
    assert settings.currency == "EUR"


def test_a_server_has_its_own_copy() -> None:
    settings = Settings(endings={"1": "EXPIRED"})
    server = Clickatell(settings)
    server.settings.endings["2"] = "EXPIRED"
    server.refuse_key()
    assert settings == Settings(endings={"1": "EXPIRED"})


def test_secrets_are_not_shown() -> None:
    assert SAMPLE_API_KEY not in repr(Settings()) and "simulator" not in repr(Settings())
