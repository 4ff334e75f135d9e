"""A third gateway, as one would be added: any service that takes a message by an HTTP call."""

from tests.generic_http.description import GATEWAY as GATEWAY
