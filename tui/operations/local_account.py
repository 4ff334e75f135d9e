"""The name of whoever works on the data folder itself."""

import getpass


def local_name() -> str:
    """How the account of this process is named in the review."""
    try:
        return f"local:{getpass.getuser()}"
    except (KeyError, OSError):
        return "local:unknown"
