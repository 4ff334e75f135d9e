"""The sections by name, in the order of their digits; each module is loaded when first looked at."""

from dataclasses import dataclass
from importlib import import_module

from tui.sections.section import Section


@dataclass(frozen=True)
class SectionEntry:
    title: str
    module: str
    class_name: str


SECTIONS: dict[str, SectionEntry] = {
    "handlers": SectionEntry("Handlers", "tui.sections.handlers", "HandlersSection"),
    "users": SectionEntry("Users", "tui.sections.users", "UsersSection"),
    "alerts": SectionEntry("Alerts", "tui.sections.alerts", "AlertsSection"),
    "tasks": SectionEntry("Tasks", "tui.sections.tasks", "TasksSection"),
    "messages": SectionEntry("Messages", "tui.sections.messages", "MessagesSection"),
    "review": SectionEntry("Review", "tui.sections.review", "ReviewSection"),
}


def make_section(name: str) -> Section:
    entry = SECTIONS[name]
    made = getattr(import_module(entry.module), entry.class_name)(id=name)
    assert isinstance(made, Section)
    return made
