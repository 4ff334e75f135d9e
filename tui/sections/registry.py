"""The class of each section; its module is loaded when the section is first looked at."""

from importlib import import_module

from tui.keys.places import Place
from tui.sections.section import Section

CLASSES: dict[Place, tuple[str, str]] = {
    Place.HANDLERS: ("tui.sections.handlers", "HandlersSection"),
    Place.USERS: ("tui.sections.users", "UsersSection"),
    Place.ALERTS: ("tui.sections.alerts", "AlertsSection"),
    Place.TASKS: ("tui.sections.tasks", "TasksSection"),
    Place.MESSAGES: ("tui.sections.messages", "MessagesSection"),
    Place.REVIEW: ("tui.sections.review", "ReviewSection"),
    Place.DUTY: ("tui.sections.duty", "DutySection"),
}


def make_section(name: str) -> Section:
    module, class_name = CLASSES[Place(name)]
    made = getattr(import_module(module), class_name)(id=name)
    assert isinstance(made, Section)
    return made
