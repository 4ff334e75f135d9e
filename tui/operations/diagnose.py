"""Diagnose: every check of the troubleshooting table, live, on the site, a handler, a user or a message.

The console and `commsdesk doctor` show the same list. Looking happens here, judging in
`scheduling.diagnose`. Nothing is written and nothing is sent.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from scheduling.diagnose import gateway, message, person
from scheduling.diagnose import handler as handler_checks
from scheduling.diagnose.finding import Finding, problem, warning
from storage.errors import StorageError
from storage.records import Handler
from storage.vocabulary import Role
from tui.operations import live_check
from tui.operations import site_checks as of_site
from tui.operations.desk import Desk
from tui.operations.diagnose_bench import Bench, Scope, Subject
from tui.operations.errors import Refused
from tui.operations.handler_form import Doubtful
from tui.operations.handler_status import HandlerView


@dataclass(frozen=True, slots=True)
class Check:
    """One entry of the list. `run` looks and judges; it may give several findings, or none."""

    name: str
    run: Callable[[Bench], Iterable[Finding]]
    subjects: frozenset[Subject] = field(default_factory=lambda: frozenset(Subject))
    live: bool = False


def of_handlers(bench: Bench) -> Iterator[Finding]:
    """The settings of each handler, and what the engine last met there."""
    now = bench.desk.now()
    if not bench.views:
        advice = "add one: commsdesk handler add --help"
        yield warning("Handlers", "list the handlers", "the site has none: nothing can be sent", advice)
    for view in bench.views:
        handler = view.handler
        found = [handler_checks.enabled(handler, view.queue)]
        if handler.enabled or bench.scope.subject is not Subject.SITE:
            found += [
                handler_checks.secret(handler, handler.id not in bench.unreadable),
                handler_checks.way_out(handler, os.environ),
                handler_checks.telephone_field(view.telephone_field),
                handler_checks.retry_settings(handler),
                handler_checks.pause(view.found, now),
                handler_checks.last_seen(view.found, bench.engine_running),
                *handler_checks.doubts(_other_warnings(view)),
            ]
        yield from (one.on(handler.name) for one in found)


def _other_warnings(view: HandlerView) -> tuple[str, ...]:
    """Without those that a check of its own names."""
    named = (Doubtful.RETRY, Doubtful.SECRET)
    return tuple(doubt.words for doubt in view.doubts if doubt.about not in named)


def of_gateway(bench: Bench) -> Iterator[Finding]:
    """A live call for each enabled handler, or for the one that is diagnosed."""
    named = bench.scope.subject is not Subject.SITE
    asked: list[Handler] = [view.handler for view in bench.views if view.handler.enabled or named]
    answers = live_check.ask(bench.desk, asked)
    for handler in asked:
        if handler.id in answers:
            yield from (one.on(handler.name) for one in gateway.judge(handler, answers[handler.id]))


def of_user(bench: Bench) -> Iterator[Finding]:
    user = bench.user
    if user is None:
        return
    numbers = [(one.name, user.values.get(one.id)) for one in bench.telephone_fields]
    yield from (one.on(user.name) for one in person.judge(user, numbers))


def of_message(bench: Bench) -> Iterator[Finding]:
    found = bench.message
    if found is None:
        return
    api = bench.views[0].handler.api_type
    about = f"message {found.id}"
    yield message.state(found, api, bench.desk.now()).on(about)
    yield message.number(found).on(about)


SITE_ONLY = frozenset({Subject.SITE})
SENDING = frozenset({Subject.SITE, Subject.HANDLER, Subject.MESSAGE})

CHECKS: tuple[Check, ...] = (
    Check("Message", of_message, frozenset({Subject.MESSAGE})),
    Check("User", of_user, frozenset({Subject.USER, Subject.MESSAGE})),
    Check("Live site", of_site.held),
    Check("Engine", of_site.engine),
    Check("Handlers", of_handlers, SENDING),
    Check("Clickatell", of_gateway, SENDING, live=True),
    Check("Queue", of_site.queue, SITE_ONLY),
    Check("Told", of_site.told, SITE_ONLY),
    Check("Failures", of_site.failures, SITE_ONLY),
    Check("Users", of_site.people, SITE_ONLY),
    Check("Tasks", of_site.tasks, SITE_ONLY),
    Check("Alerts", of_site.alerts, SITE_ONLY),
    Check("Rosters", of_site.rosters, SITE_ONLY),
    Check("Clock", of_site.clock, SITE_ONLY),
    Check("Time zone", of_site.zone, SITE_ONLY),
    Check("Database", of_site.database, SITE_ONLY),
    Check("Review", of_site.review, SITE_ONLY),
    Check("Disk", of_site.disk, SITE_ONLY),
    Check("File system", of_site.file_system, SITE_ONLY),
    Check("Rights", of_site.rights, SITE_ONLY),
    Check("SQLite library", of_site.library, SITE_ONLY),
    Check("Processes", of_site.processes, SITE_ONLY),
)


def checks_for(scope: Scope, *, live: bool = True) -> list[Check]:
    return [check for check in CHECKS if scope.subject in check.subjects and (live or not check.live)]


def run(desk: Desk, scope: Scope, *, live: bool = True, version: str = "") -> Iterator[Finding]:
    """The findings as they come. A check that fails is itself a finding, and stops none of the rest.

    Raises `Refused` at once when the thing to diagnose is not there. Live calls take up to the
    handlers' total timeout.
    """
    desk.require(Role.VIEWER, "diagnosing")
    bench = Bench(desk, scope, version)
    for check in checks_for(scope, live=live):
        try:
            yield from check.run(bench)
        except Refused:
            raise
        except Exception as error:
            said = str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
            yield problem(
                check.name, f"the check of {check.name.lower()}", f"it failed: {said}", "see the error"
            )


def as_json(finding: Finding) -> dict[str, Any]:
    """One finding for other programs."""
    return {
        "check": finding.check,
        "status": str(finding.result),
        "about": finding.about or None,
        "tried": finding.tried,
        "found": finding.found,
        "advice": finding.advice or None,
    }
