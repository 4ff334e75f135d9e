"""`commsdesk handler` with every gateway: its options, its JSON names, and a setting that is new."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from demo_data.clickatell.threaded import ThreadedClickatell
from scheduling.gateways import registry
from scheduling.gateways.description import Gateway, Kind, Setting, clashes
from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.gateways.accounts import APIS, SECRETS, settings_at

REGION = Setting(
    key="region",
    label="Region",
    kind=Kind.NUMBER,
    preset=1,
    least=1,
    most=9,
    option="--region",
    metavar="N",
    usage="where it is sent from",
)


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as running:
        yield running


def options_of(api: Gateway, settings: dict[str, str]) -> list[str]:
    return [word for each in api.plain if each.key in settings for word in (each.option, settings[each.key])]


@pytest.mark.usefixtures("third_gateway")
@pytest.mark.parametrize("name", APIS)
def test_a_handler_of_each_gateway(cli: CommandLine, clickatell: ThreadedClickatell, name: str) -> None:
    api, settings = registry.of(name), settings_at(clickatell.base_url)[name]
    add = ["handler", "add", "Gate", "--api", name, api.secret.option, "-", *options_of(api, settings)]
    made = cli.ok(*add, "--json", stdin=SECRETS[name]).one
    assert made["api_type"] == name
    own = {each.json_name: settings.get(each.key, each.preset or None) for each in api.plain}
    others = {each.json_name: None for each in registry.settings() if each not in api.plain}
    assert {key: made[key] for key in own | others} == own | others
    tested = cli.ok("handler", "test", "Gate").out
    assert f"Gate reaches {api.provider}" in tested
    shown = cli.ok("handler", "show", "Gate").out
    assert api.label in shown and api.secret.label in shown and SECRETS[name] not in shown
    for each in api.plain:
        assert each.label in shown or made[each.json_name] is None
    foreign = next(each for each in registry.settings() if each not in api.plain)
    ended = cli("handler", "edit", "Gate", foreign.option, "x")
    assert ended.status == 2 and f"{foreign.option} does not belong to the {api.label}" in ended.err
    (address, *_) = api.addresses
    ended = cli("handler", "edit", "Gate", address.option, "https://elsewhere.example")
    assert ended.status == 1 and f"{address.label} changed: enter the {api.secret.label} again" in ended.err
    assert cli("handler", "edit", "Gate", address.option, "nowhere").err.startswith(
        f"commsdesk: {address.label}"
    )
    cli.ok("handler", "edit", "Gate", "--notes", "well")
    (entry,) = cli.ok("review", "--json").json[-1:]
    assert entry["text"] == "Gate changed: Notes – → well"


def test_no_two_settings_are_taken_for_one_another(third_gateway: Gateway) -> None:
    assert clashes(registry.every()) == []
    twin = replace(third_gateway, label="Twin", settings=(replace(REGION, option="--url"), REGION))
    assert clashes(iter([third_gateway, twin])) == [
        "option --url of Twin",
        "key region of Twin",
        "JSON name region of Twin",
    ]


def test_a_new_setting_touches_its_description_alone(
    cli: CommandLine, database: Database, register: Callable[[Gateway], Gateway]
) -> None:
    cli.ok("handler", "add", "Old", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    one = registry.of("one")
    register(replace(one, settings=(*one.settings, REGION)))
    assert "--region N" in cli.ok("handler", "add", "--help").out
    assert "One API: where it is sent from" in " ".join(cli.ok("handler", "edit", "--help").out.split())
    # A handler of before has the preset, and saving it is no change.
    assert cli.ok("handler", "list", "--json").one["region"] == 1
    cli.ok("handler", "edit", "Old")
    assert cli.ok("review", "--json").json[-1]["text"] == "Old saved without a change"
    assert cli.ok("handler", "edit", "Old", "--region", "7", "--json").one["region"] == 7
    assert cli.ok("review", "--json").json[-1]["text"] == "Old changed: Region 1 → 7"
    assert "Region" in cli.ok("handler", "show", "Old").out
    ended = cli("handler", "edit", "Old", "--region", "10")
    assert ended.status == 1 and "Region must be 1 to 9, not 10" in ended.err
    ended = cli("handler", "edit", "Old", "--region", "x")
    assert ended.status == 1 and 'Region must be a whole number, not "x"' in ended.err
