"""`commsdesk web`: the console in a browser, for those who were given its address."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tui.cli import context
from tui.operations.errors import Refused

PORT = 8097
NO_EXTRA = "the console in a browser needs parts that are not installed: pip install 'commsdesk[web]'"


def web(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes any free one")
    ] = PORT,
    public_url: Annotated[
        str | None,
        typer.Option(
            "--public-url",
            metavar="URL",
            help="What people reach it by, through a tunnel or a proxy: https://desk.example.org/sms",
        ),
    ] = None,
    framed_by: Annotated[
        list[str] | None,
        typer.Option(
            "--framed-by", metavar="ORIGIN", help="A site whose pages may hold the console in a frame"
        ),
    ] = None,
    url_file: Annotated[
        Path | None,
        typer.Option(
            "--url-file", metavar="FILE", help="Write the address with its token there (mode 0600), not here"
        ),
    ] = None,
    consoles: Annotated[
        int, typer.Option("--consoles", min=1, max=50, help="How many may be open at once")
    ] = 4,
    once: Annotated[
        bool, typer.Option("--once", help="The token opens the page once; after that only that browser may")
    ] = False,
    any_host: Annotated[
        bool,
        typer.Option("--any-host", help="Behind a proxy that asks people who they are, as JupyterHub does"),
    ] = False,
    with_input: Annotated[
        bool, typer.Option("--with-input", hidden=True, help="End when standard input does")
    ] = False,
) -> None:
    """The console in a browser on this machine, until Ctrl-C.

    It listens on 127.0.0.1 only. Who opens the address that it prints works as the operator it was
    started for, so give it to nobody. docs/web.md says what is guarded.
    """
    if find_spec("textual_serve") is None:
        raise Refused(NO_EXTRA)
    from tui.cli.logs import log_for_service
    from tui.web.serving import Wanted, serve

    log_for_service()
    wanted = Wanted(
        words=_console_words(),
        port=port,
        public_url=None if public_url is None else _url(public_url),
        framed_by=tuple(_origin(given) for given in framed_by or ()),
        url_file=url_file,
        most=consoles,
        once=once,
        any_host=any_host,
        with_input=with_input,
    )
    raise typer.Exit(serve(wanted))


def _console_words() -> tuple[str, ...]:
    """What starts a console as this command was asked to: the same site, operator and colours."""
    chosen, look = context.global_options(), context.look()
    words = [sys.executable, "-P", "-m", "tui.cli.web_console", "--data", str(chosen.folder)]
    if chosen.operator is not None:
        words.append(f"--operator={chosen.operator}")
    if not look.engine:
        words.append("--no-engine")
    if look.theme is not None:
        words.append(f"--theme={look.theme}")
    return tuple(words)


def _url(given: str) -> str:
    """The address without what follows its path. Raises `Refused`."""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.username or parts.query:
        raise Refused("--public-url is no address: give it as https://desk.example.org/sms", "--public-url")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _origin(given: str) -> str:
    """`scheme://host[:port]`, and nothing that could end the policy it is put into. Raises `Refused`."""
    parts = urlsplit(given)
    origin = f"{parts.scheme}://{parts.netloc}"
    plain = not set(parts.netloc) & set(" ;,*'\"\t\r\n")
    if parts.scheme not in ("http", "https") or not parts.netloc or not plain or origin != given.rstrip("/"):
        raise Refused("--framed-by is no origin: give it as http://localhost:8888", "--framed-by")
    return origin
