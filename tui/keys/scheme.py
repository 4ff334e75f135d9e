"""What each preset key means: one thing, wherever it does something.

`docs/console.md` shows this table. A key that an action, a dialog or a list takes has to stand here
with what it then does, so that nobody who has learnt a key in one place is surprised in another.
"""

from dataclasses import dataclass

from tui.keys.places import SECTIONS


@dataclass(frozen=True, slots=True)
class Meaning:
    """`keys` and what they mean everywhere. `does` are the names of the Textual actions that do it."""

    keys: tuple[str, ...]
    meaning: str
    does: frozenset[str]


def _means(keys: str, meaning: str, does: str) -> Meaning:
    return Meaning(tuple(keys.split()), meaning, frozenset(does.split()))


SCHEME: tuple[Meaning, ...] = (
    _means(" ".join(str(digit) for digit in range(1, len(SECTIONS) + 1)), "to a section", "section"),
    _means("n", "new: a record, a message, an action, a cover of a duty", "new"),
    _means("enter", "open what is under the cursor, or take it", "edit open choose change"),
    _means("d delete backspace", "delete, after a question; in a form: take out", "delete remove take_out"),
    _means("m menu shift+f10", "everything that can be done here; again: close it", "menu close"),
    _means("space", "select, tick", "mark select change"),
    _means("ctrl+a", "select all, or none", "mark_all"),
    _means("slash", "show only rows with these words", "filter"),
    _means(
        "f f4",
        "show only rows of a kind: state, category, active or all",
        "state category which show only_members",
    ),
    _means("p", "show problems only, or all", "level all problems"),
    _means("s", "sort by the next column", "sort"),
    _means("S", "sort the other way round", "reverse"),
    _means("c", "copy the text to the clipboard", "copy"),
    _means("e", "enable; or disable, after a question", "enable"),
    _means("i", "find out what is wrong, and why (nothing is sent or changed)", "diagnose"),
    _means(
        "o",
        "over to what belongs with it: users and groups, alerts and occurrences, what sent a message",
        "groups users occurrences alerts owner",
    ),
    _means("O", "over to the custom fields", "fields"),
    _means("u", "to its user", "user"),
    _means("v", "to its message, to a user's messages", "message messages"),
    _means("H", "to its handler", "handler"),
    _means("h", "the history of a task", "history"),
    _means("w", "what will fire", "forecast"),
    _means(
        "r",
        "send it: raise, run now; send again a message, or an alert to those not reached",
        "raise run_now resend send_again",
    ),
    _means("M", "write a message to the user or group, or to all selected", "send"),
    _means("x", "cancel what still waits", "cancel"),
    _means("y", "yes: to a question; it arrived (an unknown outcome)", "arrived yes"),
    _means("D", "drop it (an unknown outcome)", "drop"),
    _means("t", "test a handler (nothing is sent); take a duty over now", "test take"),
    _means("T", "send a test message", "test_send"),
    _means("L", "let a paused handler go on", "go_on"),
    _means("a", "add to: users to groups, an action to other tabs", "join copy_to_tabs"),
    _means("K ctrl+up", "move the row up", "earlier move"),
    _means("J ctrl+down", "move the row down", "later move"),
    _means("I", "import users from a file", "import_csv"),
    _means("X", "export to a file", "export_csv export"),
    _means("C", "claim an occurrence", "claim"),
    _means("A", "action taken", "action_taken"),
    _means("E", "escalate", "escalate"),
    _means("R", "restore", "restore"),
    _means("F", "finalise", "finalise"),
    _means("N", "add a note", "note"),
    _means("l", "follow the live review, or stop", "live"),
    _means("z", "fold the live review away, or show it again", "panel"),
    _means("f2 shift+f2", "next tab; tab before", "turn"),
    _means("f3", "put in a {Field}", "field"),
    _means("f6", "templates", "template"),
    _means("f8", "preview: the recipient before", "previous"),
    _means("f9", "preview: the next recipient", "next"),
    _means("f7", "make what a new site still needs", "next_step"),
    _means("ctrl+s", "done: save, send, raise, import, write", "save send apply"),
    _means(
        "escape q",
        "back: close, leave (asks if there are changes), select none",
        "leave close safe clear_marks",
    ),
    _means("ctrl+r f5", "read again, check again", "reload read again"),
    _means("question_mark f1", "help; again: close it", "help close"),
    _means("ctrl+p", "every command by name", "command_palette"),
    _means("ctrl+l", "draw the whole screen again", "redraw"),
    _means("ctrl+q", "leave the console", "quit"),
    _means("up k", "one up", "up cursor_up choice"),
    _means("down j", "one down; out of a search: into its list", "down cursor_down choice to_list to_found"),
    _means("pageup", "one page up", "page_up"),
    _means("pagedown", "one page down", "page_down"),
    _means("home g", "to the first", "first"),
    _means("end G", "to the last", "last"),
    _means("shift+up", "select and go up", "mark_up"),
    _means("shift+down", "select and go down", "mark_down"),
)  # fmt: skip

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("Question", "n"): "no: beside y for yes, and a question has nothing new to make",
}
"""(class, key) of what means something else, with the reason."""


def meaning_of(key: str) -> Meaning | None:
    """What a key means wherever it does something, None for one that is free."""
    return next((each for each in SCHEME if key in each.keys), None)
