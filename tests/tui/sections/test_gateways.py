"""The handler editor with every gateway: its fields alone are shown, checked and kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scheduling.gateways import registry
from scheduling.gateways.description import Gateway, Kind, Setting
from storage import handlers as stored
from tests.gateways.accounts import APIS, SECRETS, settings_at
from tests.tui.double import double, opened
from tests.tui.support import make_desk, screen_text, settle
from tui.editors.handler import HandlerEditor
from tui.operations import handlers
from tui.operations.desk import Desk

NOBODY = "http://127.0.0.1:9"
NIGHT = Setting(key="night", label="At night too", kind=Kind.YES_NO, preset=True, option="--night")


@pytest.fixture
def desk(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = make_desk(tmp_path / "site")
    yield made
    made.database.close()


def shown_settings(screen: HandlerEditor) -> set[str]:
    every = {each.key for each in (*registry.settings(), *registry.secrets())}
    forms = (screen.form, screen.more)
    return {key for key in every for form in forms if key in form and form.is_shown(key)}


@pytest.mark.usefixtures("third_gateway")
@pytest.mark.parametrize("name", APIS)
async def test_a_handler_of_each_gateway(desk: Desk, name: str) -> None:
    api, settings = registry.of(name), settings_at(NOBODY)[name]
    async with double(desk) as pilot:
        screen = await opened(pilot, HandlerEditor)
        screen.form.set_value("api_type", name)
        await settle(pilot, lambda: shown_settings(screen) == {each.key for each in api.settings})
        await settle(pilot, lambda: screen.more.value("batch_size") == api.batch.preset)
        screen.form.set_value("name", "Gate")
        screen.form.set_value(api.secret.key, SECRETS[name])
        for key, value in settings.items():
            (screen.form if key in screen.form else screen.more).set_value(key, value)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: pilot.app.screen is not screen)
        with desk.database.read() as connection:
            (made,) = stored.listing(connection)
            assert stored.secret_of(desk.database, connection, made.id) == SECRETS[name]
        presets = {each.key: each.preset for each in api.plain if each.preset != ""}
        assert (made.api_type, made.settings) == (name, presets | settings)
        screen = await opened(pilot, HandlerEditor, made.id)
        assert SECRETS[name] not in screen_text(pilot)
        (address, *_) = api.addresses
        form = screen.form if address.key in screen.form else screen.more
        assert form.value(address.key) == settings[address.key]
        form.set_value(address.key, "https://elsewhere.example")
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: screen.form.error(api.secret.key))
        assert screen.form.error(api.secret.key) == (
            f"{address.label} changed: enter the {api.secret.label} again"
        )


async def test_a_new_setting_touches_its_description_alone(
    desk: Desk, register: Callable[[Gateway], Gateway]
) -> None:
    made = handlers.add(desk, handlers.HandlerForm(name="Gate", secret="key-000000001f3a")).handler
    one = registry.of("one")
    register(replace(one, settings=(*one.settings, NIGHT)))
    async with double(desk) as pilot:
        screen = await opened(pilot, HandlerEditor, made.id)
        assert "At night too" in screen_text(pilot)
        assert screen.form.value("night") is True, "a handler of before has the preset"
        screen.form.set_value("night", False)
        await pilot.press("ctrl+s")
        await settle(pilot, lambda: pilot.app.screen is not screen)
    with desk.database.read() as connection:
        found = stored.get(connection, made.id)
    assert found is not None and found.settings["night"] is False
