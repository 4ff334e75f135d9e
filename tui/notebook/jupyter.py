"""Where this kernel's Jupyter is, and whether a port of this machine can be reached through it."""

import os
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import urlsplit

HUB_PREFIX = "JUPYTERHUB_SERVICE_PREFIX"
SERVER_PID = "JPY_PARENT_PID"


def proxy_path(port: int) -> str | None:
    """The path at which Jupyter's own origin shows the port; None without jupyter-server-proxy."""
    if find_spec("jupyter_server_proxy") is None:
        return None
    base = os.environ.get(HUB_PREFIX) or next((info["base_url"] for info in _servers()), None)
    return None if base is None else f"{base.rstrip('/')}/proxy/{port}"


def origins() -> list[str]:
    """Where a browser on this machine has this kernel's Jupyter."""
    found = []
    for info in _servers():
        parts = urlsplit(info["url"])
        # Jupyter prints both addresses, and people use either.
        for host in dict.fromkeys((parts.hostname or "localhost", "localhost", "127.0.0.1")):
            found.append(f"{parts.scheme}://{host}:{info['port']}")
    return found


def _servers() -> Iterator[dict[str, str]]:
    """The server that has started this kernel."""
    if find_spec("jupyter_server") is None:
        return
    servers = import_module("jupyter_server.serverapp").list_running_servers()
    parent = os.environ.get(SERVER_PID)
    for info in servers:
        if parent is not None and str(info["pid"]) == parent:
            yield info
