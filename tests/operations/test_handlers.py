"""What an operator may do with handlers, and what each refusal says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import handlers as stored
from storage.secrets import SecretBox
from storage.vocabulary import MessageState
from tests.handler_values import changed, made
from tests.operations.arrange import JOE, make_field, make_handler, make_people, run_engine_here, to
from tui.operations import handler_status, handlers, messages, sending
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused
from tui.operations.form_values import whole_minutes
from tui.operations.handlers import HandlerForm
from tui.operations.views import handler_json

KEY = "c2VjcmV0LWtleS0xZjNh"
ONE = HandlerForm(name="Clickatell", secret=KEY)
XML = made(HandlerForm, name="Old", api_type="xml", secret="pass word", user_name="plant7", api_id="3000001")


def refused(desk: Desk, form: HandlerForm) -> Refused:
    with pytest.raises(Refused) as caught:
        handlers.add(desk, form)
    assert not handler_status.listing(desk)
    return caught.value


def test_presets_are_the_fields_own(desk: Desk) -> None:
    saved = handlers.add(desk, ONE)
    handler = saved.handler
    assert saved.warnings == ()
    assert (handler.settings.get("channel"), handler.settings.get("base_url")) == (
        "SMS",
        "https://platform.clickatell.com",
    )
    assert (handler.retry_rate, handler.stop_retrying_after) == (timedelta(minutes=1), timedelta(minutes=5))
    assert (handler.useful_life, handler.most_parts, handler.batch_size) == (timedelta(minutes=60), 3, 100)
    assert (handler.max_connections, handler.total_timeout) == (8, timedelta(seconds=30))
    assert handler.on_unknown == "resend"
    assert handler.settings.get("api_uri") is None and handler.settings.get("user_name") is None
    assert handlers.add(desk, XML).handler.batch_size == 1


def test_the_secret_is_kept_encrypted_and_shown_by_its_end(desk: Desk, texts) -> None:
    handler = handlers.add(desk, ONE).handler
    assert handler.secret_hint == "••••ZjNh"
    with desk.database.read() as connection:
        assert stored.secret_of(desk.database, connection, handler.id) == KEY
    assert KEY not in repr(ONE) and KEY not in repr(handler) and not any(KEY in text for text in texts())


def test_adding_is_reviewed_with_the_operator(desk: Desk) -> None:
    from tui.operations import review

    handler = handlers.add(desk, ONE).handler
    (entry,) = review.listing(desk)
    assert (entry.category, entry.operator, entry.handler_id) == ("Handler", "ana", handler.id)
    assert entry.text == "Clickatell added: One API, channel SMS, https://platform.clickatell.com"


def test_a_viewer_may_look_and_not_add(desk: Desk, viewer: Desk) -> None:
    with pytest.raises(NotAllowed):
        handlers.add(viewer, ONE)
    handlers.add(desk, ONE)
    assert [view.handler.name for view in handler_status.listing(viewer)] == ["Clickatell"]


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        (replace(ONE, name="  "), "Name", "empty"),
        (replace(ONE, name="12"), "Name", "digits"),
        (replace(ONE, secret=None), "API Key", "missing"),
        (replace(ONE, secret=" "), "API Key", "empty"),
        (replace(ONE, secret="a\nb"), "API Key", "line break"),
        (changed(ONE, channel="two words"), "Channel", "one word"),
        (changed(ONE, base_url="platform.clickatell.com"), "Base URL", "https://"),
        (changed(ONE, base_url="ftp://x"), "Base URL", "https://"),
        (changed(ONE, base_url="https://user:pw@host"), "Base URL", "password"),
        (changed(ONE, base_url="https://host?key=1"), "Base URL", "?"),
        (changed(ONE, base_url="https://host:99999"), "Base URL", "not an address"),
        (changed(ONE, base_url="http://platform.clickatell.com"), "Base URL", "--allow-plain-http"),
        (changed(ONE, base_url="https://platform.clickatell.com/v1/message"), "Base URL", "path"),
        (replace(ONE, most_parts=0), "Most parts", "1 to 35"),
        (replace(ONE, batch_size=101), "Batch size", "1 to 100"),
        (replace(XML, batch_size=51), "Batch size", "1 to 50"),
        (replace(ONE, max_connections=1), "Connections", "2 to 8"),
        (replace(ONE, rate_per_minute=0), "Rate limit (per minute)", "1 to"),
        (replace(ONE, useful_life=timedelta(0)), "Useful life (mins)", "1 or more"),
        (replace(ONE, retry_rate=timedelta(minutes=-1)), "Retry Rate (mins)", "0 to"),
        (replace(ONE, total_timeout=timedelta(0)), "Total timeout (s)", "1 to 300"),
        (replace(ONE, telephone_field_id=99), "Telephone field", "removed"),
        (changed(XML, user_name=""), "User Name", "empty"),
        (changed(XML, api_id=" "), "API ID", "empty"),
        (replace(XML, secret=None), "Password", "missing"),
        (changed(XML, api_uri="http://api.clickatell.com/xml/xml"), "API URI", "plain http"),
        (changed(XML, sender_id="a\x1bb"), "From", "control"),
    ],
)
def test_bad_input_names_the_field(desk: Desk, form: HandlerForm, field: str, words: str) -> None:
    error = refused(desk, form)
    assert error.field == field
    assert words in error.on_command_line and "\n" not in error.message


def test_a_handler_whose_gateway_is_not_there_is_shown_and_keeps_its_settings(desk: Desk) -> None:
    handler_id = handlers.add(desk, ONE).handler.id
    settings = {"pipe": "/dev/smoke"}
    with desk.database.write() as tx:
        stored.change(tx, handler_id, {"api_type": "smoke", "settings": settings}, desk.now())
    (view,) = handler_status.listing(desk)
    assert (handler_json(view)["api_type"], view.handler.settings) == ("smoke", settings)
    form = replace(handlers.form_of(view.handler), notes="x")
    with pytest.raises(Refused, match="API Type smoke is not known to this version: choose one or xml"):
        handlers.edit(desk, handler_id, view.handler.revision, form)
    other = replace(form, api_type="one", settings={}, secret=KEY)
    edited = handlers.edit(desk, handler_id, view.handler.revision, other).handler
    assert edited.settings == {"channel": "SMS", "base_url": "https://platform.clickatell.com"}


def test_the_telephone_field_must_be_one(desk: Desk) -> None:
    notes = make_field(desk.database, "Badge", "Text")
    assert "holds Text" in refused(desk, replace(ONE, telephone_field_id=notes)).message


def test_plain_http_passes_to_this_machine_and_else_only_when_allowed(desk: Desk) -> None:
    local = changed(ONE, base_url="http://127.0.0.1:8080")
    assert handlers.add(desk, local).warnings == ()
    risky = changed(XML, api_uri="http://api.clickatell.com/xml/xml", allow_plain_http=True)
    (warning,) = handlers.add(desk, risky).warnings
    assert "plain http to api.clickatell.com" in warning


@pytest.mark.parametrize(
    ("sender", "warned"),
    [
        ("ACME", False),
        ("447700900123", False),
        ("Two words", True),
        ("A" * 12, True),
        ("1" * 17, True),
        ("+44770", True),
    ],
)
def test_a_doubtful_sender_id_is_warned_of_and_kept(desk: Desk, sender: str, warned: bool) -> None:
    saved = handlers.add(desk, changed(XML, sender_id=sender))
    assert saved.handler.settings.get("sender_id") == sender
    assert bool(saved.warnings) == warned


def test_a_plan_without_retry_is_warned_of(desk: Desk) -> None:
    (warning,) = handlers.add(desk, replace(ONE, stop_retrying_after=timedelta(0))).warnings
    assert "Stop Retrying After (mins) is 0" in warning


def test_names_are_unique_without_regard_to_case(desk: Desk) -> None:
    handlers.add(desk, ONE)
    with pytest.raises(Refused, match='named "Clickatell" already'):
        handlers.add(desk, replace(ONE, name="CLICKATELL"))
    second = handlers.add(desk, replace(ONE, name="Two"))
    with pytest.raises(Refused, match="already"):
        handlers.edit(desk, second.handler.id, 1, replace(ONE, name="clickatell", secret=None))


def test_editing_keeps_the_secret_and_says_what_changed(desk: Desk, texts) -> None:
    before = handlers.add(desk, ONE).handler
    form = changed(handlers.form_of(before), channel="whatsapp", retry_rate=timedelta(minutes=2))
    after = handlers.edit(desk, before.id, before.revision, form).handler
    assert (after.settings.get("channel"), after.revision) == ("whatsapp", before.revision + 1)
    assert texts()[-1] == "Clickatell changed: Channel SMS → whatsapp, Retry Rate (mins) 1 → 2"
    with desk.database.read() as connection:
        assert stored.secret_of(desk.database, connection, before.id) == KEY


def test_an_edit_of_something_that_moved_is_refused(desk: Desk) -> None:
    before = handlers.add(desk, ONE).handler
    form = handlers.form_of(before)
    handlers.edit(desk, before.id, before.revision, replace(form, notes="first"))
    with pytest.raises(Refused, match="changed by someone else meanwhile"):
        handlers.edit(desk, before.id, before.revision, replace(form, notes="second"))
    assert handler_status.listing(desk)[0].handler.notes == "first"


def test_saving_without_a_change_counts_as_an_edit(desk: Desk) -> None:
    before = handlers.add(desk, ONE).handler
    after = handlers.edit(desk, before.id, before.revision, handlers.form_of(before)).handler
    assert after.revision == before.revision + 1


@pytest.mark.parametrize(
    ("start", "change", "label"),
    [
        (ONE, {"base_url": "https://other.example"}, "Base URL"),
        (XML, {"api_uri": "https://other.example/xml"}, "API URI"),
        (XML, {"user_name": "other"}, "User Name"),
    ],
)
def test_a_secret_never_follows_to_another_place(desk: Desk, start, change, label) -> None:
    before = handlers.add(desk, start).handler
    form = changed(handlers.form_of(before), **change)
    with pytest.raises(Refused, match=f"{label} changed: enter the .* again"):
        handlers.edit(desk, before.id, before.revision, form)
    handlers.edit(desk, before.id, before.revision, replace(form, secret="a new secret"))


def test_other_edits_do_not_ask_for_the_secret(desk: Desk) -> None:
    before = handlers.add(desk, XML).handler
    form = changed(handlers.form_of(before), name="Renamed", sender_id="ACME", api_id="3000002")
    assert handlers.edit(desk, before.id, before.revision, form).handler.name == "Renamed"


def test_seconds_written_by_others_survive_an_edit(desk: Desk) -> None:
    handler_id = handlers.add(desk, ONE).handler.id
    with desk.database.write() as tx:
        stored.change(tx, handler_id, {"retry_rate": timedelta(seconds=2)}, desk.now())
    view = handler_status.view(desk, handler_id)
    assert view is not None
    edited = handlers.edit(desk, handler_id, view.handler.revision, handlers.form_of(view.handler)).handler
    assert edited.retry_rate == timedelta(seconds=2)


def test_minutes_are_whole() -> None:
    assert whole_minutes("5", "Retry Rate (mins)") == timedelta(minutes=5)
    for text in ("1.5", "", "five", "-1", "525601", "9" * 5000):
        with pytest.raises(Refused) as caught:
            whole_minutes(text, "Retry Rate (mins)")
        assert caught.value.field == "Retry Rate (mins)" and len(caught.value.message) < 200


def test_disabling_keeps_messages_waiting_and_says_how_many(desk: Desk, texts) -> None:
    handler_id = make_handler(desk)
    sending.send(desk, sending.Request(handler_id, to("+447700900123", "+447700900124"), "x"))
    assert handlers.set_enabled(desk, handler_id, False) == 2
    assert texts()[-1] == "Clickatell disabled; 2 messages kept waiting"
    assert [message.state for message in messages.listing(desk)] == [MessageState.QUEUED] * 2
    said = len(texts())
    handlers.set_enabled(desk, handler_id, False)
    assert len(texts()) == said  # nothing changed, nothing said


def test_removing_one_with_waiting_messages_must_say_so(desk: Desk) -> None:
    handler_id = make_handler(desk)
    sending.send(desk, sending.Request(handler_id, to("+447700900123"), "x"))
    with pytest.raises(Refused, match="1 message waits at Clickatell"):
        handlers.remove(desk, handler_id)
    assert handlers.remove(desk, handler_id, cancel_waiting=True).cancelled == 1
    assert handler_status.listing(desk) == []
    assert [message.state for message in messages.listing(desk)] == [MessageState.CANCELLED]
    make_handler(desk)  # the name is free again


def test_status_column(desk: Desk) -> None:
    handler_id = make_handler(desk)

    def status() -> str:
        view = handler_status.view(desk, handler_id)
        assert view is not None
        return view.shown.status

    assert status() == "Stopped"
    run_engine_here(desk.database)
    assert status() == "Starting"
    with desk.database.write() as tx:
        stored.set_status(tx, handler_id, status="Error", error="1 Invalid key", advice="Check the API Key")
    view = handler_status.view(desk, handler_id)
    assert view is not None and view.error == "1 Invalid key. Check the API Key"
    handlers.set_enabled(desk, handler_id, False)
    assert status() == "Disabled"


def test_json_has_the_promised_names(desk: Desk) -> None:
    handlers.add(desk, XML)
    found = handler_json(handler_status.listing(desk)[0])
    promised = (
        "id name api_type channel enabled status balance currency error checked_at queued"
        " retry_rate_mins stop_retrying_after_mins"
    )
    assert set(promised.split()) <= set(found)
    assert (found["channel"], found["balance"], found["retry_rate_mins"]) == (None, None, 1)
    assert "pass word" not in str(found)


def test_a_secret_that_cannot_be_read_is_shown(desk: Desk) -> None:
    from cryptography.fernet import Fernet

    make_handler(desk)
    desk.database.box = SecretBox([Fernet.generate_key().decode()])
    assert "secret missing: enter it again" in handler_status.listing(desk)[0].warnings


def test_a_removed_handler_is_refused_by_name_of_what_uses_it(desk: Desk) -> None:
    from storage.records import Recipient
    from tui.operations import tasks
    from tui.operations.action_form import ActionForm

    handler_id = make_handler(desk)
    people = make_people(desk.database, {"Joe": JOE})
    action = ActionForm(handler_id=handler_id, recipients=(Recipient(user_id=people["Joe"]),), text="x")
    tasks.add(desk, tasks.TaskForm(name="Shift report", zone="UTC", cron="0 9 * * *", actions=(action,)))
    with pytest.raises(Refused, match="sender of task Shift report"):
        handlers.remove(desk, handler_id)
    assert handlers.remove(desk, handler_id, although_used=True).used_by == ("task Shift report",)
