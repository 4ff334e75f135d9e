"""Clickatell's One API: an API Key, JSON, up to 100 messages in a call."""

from scheduling.gateways.one_api.description import GATEWAY as GATEWAY
