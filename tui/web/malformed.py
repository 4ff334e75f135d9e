"""What is no HTTP gets the same refusal as everything that the guard turns away, and one line in the log."""

import logging

from aiohttp import web

from tui.web.guard import headers

log = logging.getLogger(__name__)

SORRY = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>commsdesk</title></head>
<body><p>The console is not shown here. Open the whole address that <code>commsdesk web</code> has printed,
in this browser; it ends in <code>?token=…</code>.</p></body></html>
"""


def refusal() -> web.Response:
    """The one answer to whoever may not see the console."""
    return web.Response(status=403, text=SORRY, content_type="text/html")


class _Handler(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """aiohttp's own answer names what it could not read; a stranger learns nothing here."""
        if status >= 500 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        log.debug("refused: not HTTP (%s)", type(exc).__name__)
        answer = refusal()
        answer.headers.update(headers(()))
        answer.force_close()
        return answer


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class GuardedRunner(web.AppRunner):
    """Runs an application whose guard also speaks for what cannot be read as a request."""

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        return _Server(
            plain.request_handler,
            request_factory=plain.request_factory,
            handler_cancellation=plain.handler_cancellation,
            loop=plain._loop,
            **plain._kwargs,
        )
