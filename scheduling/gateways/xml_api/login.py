"""XML API credentials that cannot be sent, found before they reach the HTTP layer."""

from scheduling.gateways.credentials import has_control_characters, refused
from scheduling.gateways.outcome import HandlerConfig, Outcome


def refused_login(cfg: HandlerConfig) -> Outcome | None:
    """Why XML API credentials cannot be sent, as an account error; None for ones that can."""
    login = {"User Name": _raw(cfg, "user_name"), "Password": cfg.secret, "API ID": _raw(cfg, "api_id")}
    for name, value in login.items():
        if not value.strip():
            return refused(f"the {name} is empty")
        if has_control_characters(value):
            return refused(f"the {name} holds a line break or another control character")
    if has_control_characters(_raw(cfg, "sender_id")):
        return refused("From holds a line break or another control character")
    return None


def _raw(cfg: HandlerConfig, key: str) -> str:
    return str(cfg.settings.get(key) or "")
