"""`commsdesk template` and `commsdesk send --template`."""

from tests.cli.conftest import CommandLine


def test_add_list_show_edit_remove(cli: CommandLine) -> None:
    cli.ok("group", "add", "Ops")
    assert "No message template yet" in cli.ok("template", "list").out
    made = cli.ok("template", "add", "Site closed", "Hello {Name}\nThe site is closed.", "--json").one
    assert made == {
        "id": 1, "name": "Site closed", "text": "Hello {Name}\nThe site is closed.",
        "characters": 32, "segments": 1,
    }  # fmt: skip
    cli.ok("template", "add", "Other", "-", stdin="from input\n")
    assert [found["text"] for found in cli.ok("template", "list", "--json").json][1] == "from input"
    assert "Hello {Name}⏎The site is closed." in cli.ok("template", "list").out
    assert cli.ok("template", "show", "site closed").lines[-2:] == ["Hello {Name}", "The site is closed."]
    edited = cli.ok("template", "edit", "1", "--name", "Closed", "--text", "Closed.", "--json").one
    assert (edited["name"], edited["text"]) == ("Closed", "Closed.")
    cli.ok("template", "remove", "closed")
    assert cli("template", "show", "Closed").status == 1
    assert cli.ok("template", "list", "--json").one["name"] == "Other"


def test_unknown_fields_are_warned_of(cli: CommandLine) -> None:
    assert "did you mean {Name}" in cli.ok("template", "add", "T", "{Nmae}").err


def test_send_a_kept_text(cli: CommandLine) -> None:
    cli.ok("handler", "add", "C", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    cli.ok("template", "add", "Hello", "Hello {{you}}")
    send = ("send", "--handler", "C", "--to", "+61400000000", "--json")
    assert cli.ok(*send, "--template", "hello").one["text"] == "Hello {{you}}"
    assert cli.ok(*send, "--template", "hello", "--fields").one["text"] == "Hello {you}"
    assert cli(*send, "--template", "Helo").status == 1
    assert cli(*send).status == 2
    assert cli(*send, "text", "--template", "hello").status == 2
