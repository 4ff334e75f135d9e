"""Clickatell's XML API of classic accounts: a login, `sendMsg` documents, messages that can be asked for."""

from scheduling.gateways.xml_api.description import GATEWAY as GATEWAY
