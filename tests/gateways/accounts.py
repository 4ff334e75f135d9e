"""An account at a local Clickatell for each gateway, the one that only tests have included."""

from typing import Any

from demo_data.clickatell.settings import SAMPLE_API_ID, SAMPLE_API_KEY, SAMPLE_PASSWORD, SAMPLE_USER

APIS = ("one", "xml", "http")
SECRETS = {"one": SAMPLE_API_KEY, "xml": SAMPLE_PASSWORD, "http": SAMPLE_API_KEY}
BODY = '{"messages": [{"channel": "sms", "to": "{digits}", "content": "{text}", "clientMessageId": "{id}"}]}'


def settings_at(base_url: str) -> dict[str, dict[str, Any]]:
    """The settings that differ from the presets, by API Type."""
    return {
        "one": {"base_url": base_url},
        "xml": {"api_uri": f"{base_url}/xml/xml", "user_name": SAMPLE_USER, "api_id": SAMPLE_API_ID},
        "http": {
            "url": f"{base_url}/v1/message",
            "check_url": f"{base_url}/v1/balance",
            "body": BODY,
            "accepted": '"accepted": true',
            "id_name": "apiMessageId",
        },
    }
