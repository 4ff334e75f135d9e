"""The sections of the console and the lists that stand in their place; each name is written here only."""

from enum import StrEnum


class Place(StrEnum):
    """Where an action of a list acts: a section, or a list that is reached from one."""

    HANDLERS = "handlers"
    USERS = "users"
    GROUPS = "groups"
    FIELDS = "fields"
    ALERTS = "alerts"
    OCCURRENCES = "occurrences"
    TASKS = "tasks"
    MESSAGES = "messages"
    REVIEW = "review"
    DUTY = "duty"


SECTIONS: dict[Place, str] = {
    Place.HANDLERS: "Handlers",
    Place.USERS: "Users",
    Place.ALERTS: "Alerts",
    Place.TASKS: "Tasks",
    Place.MESSAGES: "Messages",
    Place.REVIEW: "Review",
    Place.DUTY: "Duty",
}
"""The titles of the sections, in the order of their digits."""

IN_FULL: dict[Place, str] = {Place.TASKS: "Scheduled Tasks"}
"""What a section is called where there is room."""
