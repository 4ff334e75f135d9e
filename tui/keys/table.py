"""Every action of the console in one table.

The footer, the command palette, the help screen, the context menus and the key file all read it,
so that a key, a title or a role is written once.
"""

from storage.vocabulary import Role
from tui.keys.action import Action
from tui.keys.places import IN_FULL, SECTIONS, Place

VIEWER, OPERATOR, ADMINISTRATOR = Role


def _section(key: str, name: Place) -> Action:
    title = IN_FULL.get(name, SECTIONS[name])
    return Action(
        f"main.{name}", "go to", title, f"Show the section {title}", key, "main", f"section('{name}')"
    )


def _record_actions(section: str, noun: str, role: Role) -> tuple[Action, ...]:
    """New, edit and delete, as every list of records has them."""
    deletes = f"Delete the {noun}, after a question that names what hangs on it"
    return _verbs(
        section,
        ("new", "New", "n", f"Add a {noun}", role, True),
        ("edit", "Edit", "enter", f"Open the {noun} under the cursor", VIEWER, True),
        ("delete", "Delete", "d,delete", deletes, role, False),
    )


def _verbs(section: str, *rows: tuple[str, str, str, str, Role, bool]) -> tuple[Action, ...]:
    """What else a section does: (name, title, key, description, role, whether in the footer)."""
    return tuple(
        Action(f"{section}.{name}", section, title, description, key, section, name, footer, role)
        for name, title, key, description, role, footer in rows
    )


def _moves(place: str, area: str, *rows: tuple[str, str, str, str]) -> tuple[Action, ...]:
    """Movements: (name, title, key, description); they are in the help but not in the palette."""
    return tuple(
        Action(f"{place}.{name}", area, title, description, key, place, name, palette=False)
        for name, title, key, description in rows
    )


ACTIONS: tuple[Action, ...] = (
    Action("app.help", "app", "Help", "Help for what has the focus", "question_mark,f1", "app", "help", True),
    Action(
        "app.commands",
        "app",
        "Commands",
        "Find any command by name",
        "ctrl+p",
        "app",
        "command_palette",
        True,
        palette=False,
    ),
    Action("app.diagnose", "site", "Diagnose", "Every check of the site, live", "", "app", "diagnose"),
    Action("app.theme", "app", "Theme", "Choose the colours", "", "app", "change_theme"),
    Action("app.redraw", "app", "Draw again", "Draw the whole screen again", "ctrl+l", "app", "redraw"),
    Action("app.quit", "app", "Quit", "Leave the console", "ctrl+q", "app", "quit"),
    *(_section(str(digit), place) for digit, place in enumerate(SECTIONS, start=1)),
    Action(
        "main.filter", "list", "Filter", "Show only rows with these words", "slash", "main", "filter", True
    ),
    Action(
        "main.adopt",
        "site",
        "Adopt",
        "Say that a held copy is the live site: sending goes on",
        "",
        "main",
        "adopt",
        role=ADMINISTRATOR,
    ),
    Action(
        "main.tasks_go_on",
        "site",
        "Let tasks go on",
        "Say that the clock is right: scheduled tasks that wait after a jump of it fire",
        "",
        "main",
        "tasks_go_on",
        role=OPERATOR,
    ),
    Action(
        "main.next_step",
        "site",
        "Next step",
        "Make what is missing before a first message can be sent",
        "f7",
        "main",
        "next_step",
        role=OPERATOR,
    ),
    Action("main.reload", "list", "Read again", "Read the list again", "ctrl+r,f5", "main", "reload"),
    Action(
        "main.panel", "review", "Fold", "Fold the live review away, or show it again", "z", "main", "panel"
    ),
    *_record_actions(Place.HANDLERS, "communication handler", ADMINISTRATOR),
    *_record_actions(Place.USERS, "user", ADMINISTRATOR),
    *_record_actions(Place.GROUPS, "user group", ADMINISTRATOR),
    *_record_actions(Place.FIELDS, "custom field", ADMINISTRATOR),
    *_record_actions(Place.ALERTS, "alert", ADMINISTRATOR),
    *_record_actions(Place.TASKS, "scheduled task", ADMINISTRATOR),
    *_verbs(
        Place.HANDLERS,
        ("test", "Test", "t", "Check key and balance; nothing is sent", OPERATOR, True),
        ("test_send", "Test send", "T", "Send a test message to a number", OPERATOR, False),
        ("enable", "Enable or disable", "e", "Let it send, or let its messages wait", ADMINISTRATOR, True),
        ("go_on", "Go on", "L", "Let a paused handler send again now", OPERATOR, False),
        ("diagnose", "Diagnose", "i", "Find out what is wrong", VIEWER, False),
    ),
    *_verbs(
        Place.USERS,
        ("send", "Send Message", "M", "Write to the selected users", OPERATOR, True),
        ("messages", "Messages", "v", "Show what was sent to the user", VIEWER, False),
        ("enable", "Enable or disable", "e", "Leave the user out, or not", ADMINISTRATOR, False),
        ("join", "Put into groups", "a", "Say which groups the users belong to", ADMINISTRATOR, False),
        ("groups", "Groups", "o", "Show user groups", VIEWER, True),
        ("fields", "Custom fields", "O", "Show the fields that users have", VIEWER, False),
        ("import_csv", "Import", "I", "Read users from a CSV file", ADMINISTRATOR, False),
        ("export_csv", "Export", "X", "Write users to a CSV file", VIEWER, False),
        ("diagnose", "Diagnose", "i", "Find out why a user is not reached", VIEWER, False),
    ),
    *_verbs(
        Place.GROUPS,
        ("send", "Send Message", "M", "Write to the members of the selected groups", OPERATOR, True),
        ("users", "Users", "o", "Show the users again", VIEWER, True),
    ),
    *_verbs(
        Place.FIELDS,
        ("earlier", "Move up", "K,ctrl+up", "Put the field before the one above it", ADMINISTRATOR, True),
        ("later", "Move down", "J,ctrl+down", "Put the field after the one below it", ADMINISTRATOR, True),
        ("users", "Users", "o", "Show the users again", VIEWER, True),
    ),
    *_verbs(
        Place.ALERTS,
        ("raise", "Raise", "r", "Raise the alert: its Created tab is sent", OPERATOR, True),
        ("enable", "Enable or disable", "e", "Let it be raised, or not", ADMINISTRATOR, False),
        ("occurrences", "Occurrences", "o", "Show what was raised, or the alerts again", VIEWER, True),
    ),
    *_verbs(
        Place.OCCURRENCES,
        ("open", "Open", "enter", "Show what happened and what was sent", VIEWER, True),
        ("claim", "Claim", "C", "Take it on", OPERATOR, True),
        ("action_taken", "Action taken", "A", "Say that something was done", OPERATOR, True),
        ("escalate", "Escalate", "E", "Call for more", OPERATOR, False),
        ("restore", "Restore", "R", "Say that all is well again", OPERATOR, True),
        ("finalise", "Finalise", "F", "Close it", OPERATOR, False),
        ("note", "Add a note", "N", "Write a note to it", OPERATOR, False),
        ("send_again", "Send again", "r", "Send once more to those not reached", OPERATOR, False),
        ("which", "Active or all", "f", "Show only what is active, or all that was raised", VIEWER, True),
        ("alerts", "Alerts", "o", "Show the alerts again", VIEWER, True),
    ),
    *_verbs(
        Place.TASKS,
        ("run_now", "Run now", "r", "Send what the task sends, now", OPERATOR, True),
        ("enable", "Enable or disable", "e", "Let it fire, or not", ADMINISTRATOR, True),
        ("history", "History", "h", "What became of each due time", VIEWER, False),
        ("forecast", "What will fire", "w", "The next 24 hours of all tasks", VIEWER, True),
    ),
    *_verbs(
        Place.MESSAGES,
        ("open", "Open", "enter", "Show the message with every attempt", VIEWER, True),
        ("state", "State", "f", "Show only messages in one state", VIEWER, True),
        ("problems", "Problems only", "p", "Show only problems, with the reason, or all", VIEWER, True),
        ("cancel", "Cancel", "x", "Do not send what still waits", OPERATOR, True),
        ("resend", "Send again", "r", "Send it again", OPERATOR, True),
        ("arrived", "It arrived", "y", "Settle an unknown outcome: it arrived", OPERATOR, False),
        ("drop", "Drop", "D", "Settle an unknown outcome: leave it", OPERATOR, False),
        ("new", "New", "n", "Write a message", OPERATOR, True),
        ("diagnose", "Diagnose", "i", "Find out what becomes of it, and why", VIEWER, False),
    ),
    *_verbs(
        Place.REVIEW,
        ("open", "Open", "enter", "Show the entry with links", VIEWER, True),
        ("category", "Category", "f", "Show only one category", VIEWER, True),
        ("level", "Problems only", "p", "Show only problems, or all", VIEWER, False),
        ("export", "Export", "X", "Write what is shown to a file", VIEWER, False),
    ),
    *_verbs(
        Place.DUTY,
        ("edit", "Open", "enter", "Show the next 31 days, a line a shift", VIEWER, True),
        ("new", "Cover", "n", "Put others on duty for a while", OPERATOR, True),
        ("take", "Take over", "t", "Be on duty from now on", OPERATOR, True),
    ),
    Action("table.mark", "list", "Select", "Select or deselect the row", "space", "table", "mark"),
    Action(
        "table.mark_all", "list", "Select all", "Select every row, or none", "ctrl+a", "table", "mark_all"
    ),
    Action(
        "table.clear_marks", "list", "Select none", "Deselect every row", "escape", "table", "clear_marks"
    ),
    Action(
        "table.menu",
        "list",
        "Menu",
        "What can be done with the row",
        "m,menu,shift+f10",
        "table",
        "menu",
        True,
    ),
    Action("table.sort", "list", "Sort", "Sort by the next column", "s", "table", "sort"),
    Action("table.reverse", "list", "Reverse", "Sort the other way round", "S", "table", "reverse"),
    Action("table.copy", "list", "Copy", "Copy the row's text to the clipboard", "c", "table", "copy"),
    *_moves(
        "table",
        "list",
        ("choose", "Open", "enter", "Open the row"),
        ("up", "Up", "up,k", "One row up"),
        ("down", "Down", "down,j", "One row down"),
        ("page_up", "Page up", "pageup", "One page up"),
        ("page_down", "Page down", "pagedown", "One page down"),
        ("first", "First", "home,g", "To the first row"),
        ("last", "Last", "end,G", "To the last row"),
        ("mark_up", "Select up", "shift+up", "Select the row and go up"),
        ("mark_down", "Select down", "shift+down", "Select the row and go down"),
    ),
    Action(
        "panel.live", "review", "Live", "Follow new entries, or stop following", "l", "panel", "live", True
    ),
    Action(
        "panel.all",
        "review",
        "All or problems",
        "Show all entries, or only problems",
        "p",
        "panel",
        "all",
        True,
    ),
    Action("panel.copy", "review", "Copy", "Copy the entry's text to the clipboard", "c", "panel", "copy"),
    *_moves(
        "panel",
        "review",
        ("choose", "Open", "enter", "Open the entry"),
        ("up", "Up", "up,k", "One entry up; stops following"),
        ("down", "Down", "down,j", "One entry down"),
        ("page_up", "Page up", "pageup", "One page up; stops following"),
        ("page_down", "Page down", "pagedown", "One page down"),
        ("first", "First", "home,g", "To the oldest entry kept"),
        ("last", "Last", "end,G", "To the newest entry, and follow"),
    ),
    Action("editor.save", "editor", "Save", "Save and close", "ctrl+s", "editor", "save", True),
    Action(
        "editor.leave",
        "editor",
        "Leave",
        "Close; asks if there are changes",
        "escape",
        "editor",
        "leave",
        True,
    ),
    *_verbs(
        "import",
        ("read", "Read", "f5,ctrl+r", "Read the file, and show what it would do", ADMINISTRATOR, True),
        ("show", "Show", "f4", "Show only the lines that are refused, changed or added", VIEWER, True),
        ("apply", "Import", "ctrl+s", "Import every line", ADMINISTRATOR, True),
        ("leave", "Leave", "escape", "Close without importing", VIEWER, True),
    ),
    *_verbs(
        "composer",
        ("field", "Field", "f3", "Put in a field that is filled in for each recipient", VIEWER, True),
        ("previous", "Before", "f8", "Show how the recipient before gets it", VIEWER, False),
        ("next", "Next recipient", "f9", "Show how the next recipient gets it", VIEWER, True),
    ),
    *_verbs(
        "send",
        ("send", "Send", "ctrl+s", "Send the message", OPERATOR, True),
        ("leave", "Leave", "escape", "Close without sending; asks first", VIEWER, True),
        ("turn", "Other tab", "f2", "Go from the message to its recipients, or back", VIEWER, True),
        ("template", "Templates", "f6", "Take a kept text, or keep this one", VIEWER, True),
    ),
    *_verbs(
        "message",
        ("resend", "Send again", "r", "Send it again", OPERATOR, True),
        ("cancel", "Cancel", "x", "Do not send what still waits", OPERATOR, True),
        ("arrived", "It arrived", "y", "Settle an unknown outcome: it arrived", OPERATOR, True),
        ("drop", "Drop", "D", "Settle an unknown outcome: leave it", OPERATOR, True),
        ("user", "User", "u", "Open the user it goes to", VIEWER, True),
        ("owner", "Task or alert", "o", "Open what sent it", VIEWER, True),
        ("copy", "Copy", "c", "Copy the text of the message", VIEWER, False),
        ("diagnose", "Diagnose", "i", "Find out what becomes of it, and why", VIEWER, False),
        ("leave", "Close", "escape,q", "Back to the list", VIEWER, True),
    ),
    *_verbs(
        "entry",
        ("message", "Message", "v", "Open the message it is about", VIEWER, True),
        (
            "owner",
            "Task or alert",
            "o",
            "Open the task, or what was raised, that it is about",
            VIEWER,
            True,
        ),
        ("user", "User", "u", "Open the user it is about", VIEWER, True),
        ("handler", "Handler", "H", "Open the handler it is about", VIEWER, True),
        ("copy", "Copy", "c", "Copy the text of the entry", VIEWER, True),
        ("leave", "Close", "escape,q", "Back to the list", VIEWER, True),
    ),
    *_verbs(
        "diagnosis",
        ("again", "Check again", "ctrl+r,f5", "Run the checks once more", VIEWER, True),
        ("leave", "Close", "escape,q", "Back to where it was opened", VIEWER, True),
    ),
)

STACKS: tuple[tuple[str, ...], ...] = (
    *(("table", section, "main", "app") for section in Place),
    ("panel", "main", "app"),
    ("composer", "editor", "app"),
    ("composer", "send", "app"),
    ("message", "app"),
    ("entry", "app"),
    ("diagnosis", "app"),
    ("import", "app"),
)
"""Places that hear keys at the same moment, from the focus outwards."""

# A list passes enter on as "row chosen", which is the edit action of the section around it.
SHARED_KEYS = frozenset(
    frozenset({"table.choose", f"{section}.{verb}"}) for section in Place for verb in ("edit", "open")
)
