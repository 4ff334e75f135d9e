"""What the program itself puts into a message is GSM: anything else makes the SMS twice as dear."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import system_alerts, telling, templates
from scheduling.gateways import advice, registry
from scheduling.recipients import Reached, compose
from scheduling.sms_text import _BASIC, _EXTENSION, gsm_signs, measure, shorten
from storage.alerts import Alert, AlertField
from storage.texts import for_phone
from storage.vocabulary import Stage
from tests.sample import SampleSites
from tui.messages.send_test import TEXT

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
GSM = st.text(alphabet=_BASIC + _EXTENSION, max_size=400)
DOCUMENTS = sorted([*Path("docs").glob("*.md"), Path("README.md")])
ALERT = Alert(
    1, "Fire door", 1, "", True, None, None, 1, (AlertField("Zone"), AlertField("Level", "high"))
)  # fmt: skip


def is_gsm(text: str) -> bool:
    return measure(text).encoding == "GSM" if text else True


@given(GSM, st.dictionaries(st.sampled_from(["Zone", "Gate"]), GSM))
def test_filling_in_makes_no_text_unicode(text: str, values: dict[str, str]) -> None:
    assert is_gsm(templates.render(text + "{Zone} {Gate} {Never}", values).text)


@given(GSM, st.integers(1, 3))
def test_cutting_makes_no_text_unicode(text: str, parts: int) -> None:
    assert is_gsm(shorten(text, parts)[0])


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("operator", ["joe", None])
def test_the_samples_in_an_editor_cost_what_the_message_will(stage: Stage, operator: str | None) -> None:
    values = telling.sample_values(ALERT, stage, operator, NOW)
    assert all(is_gsm(value) for value in values.values())
    assert values["Alert"] == "Fire door" and values["Level"] == "high" and values["Zone"] == "(Zone)"
    assert set(values) == {*telling.BUILT_IN, "Zone", "Level"}
    # Only what the alert leaves empty shows as missing, as it will on the phone.
    assert [name for name, value in values.items() if not value] == ["Description"]


def advised() -> list[str]:
    rows = [code for api in registry.every() for code in api.codes.values()]
    found = [code.advice for code in rows] + [code.meaning for code in rows]
    found += [text for cause in advice.CAUSES.values() for text in (cause.means, cause.check)]
    return found + [advice.explain_status(status).check for status in range(300, 600)]


def test_errors_and_advice_in_system_alerts() -> None:
    assert [text for text in advised() if not is_gsm(gsm_signs(text))] == []
    assert gsm_signs("“cut …” – it’s •••• · a\u00a0b") == '"cut ..." - it\'s **** - a b'
    assert is_gsm(gsm_signs("x" * 299 + "…"))


class AnyMessage:
    recipient, error, error_code, state = "Joe Hart", "refused – “too long …”", None, "failed"

    def __init__(self, text: str) -> None:
        self.text = text


@given(GSM)
def test_a_system_alert_about_a_message(text: str) -> None:
    given_values = system_alerts._messages_given([AnyMessage(text), AnyMessage(text)])  # type: ignore[list-item]
    assert all(is_gsm(value) for value in given_values.values())
    assert len(given_values["Text"]) <= 60


def test_the_test_message() -> None:
    assert is_gsm(TEXT)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_messages_in_the_documents(document: Path) -> None:
    quoted = re.findall(r"--message\s+([\"'])(.*?)\1", document.read_text())
    assert [text for _, text in quoted if not is_gsm(text)] == []


def test_messages_of_the_sample_site(tmp_path: Path, sample_sites: SampleSites) -> None:
    import sqlalchemy as sa

    from storage import tables
    from storage.site import open_site

    sample_sites.copy(tmp_path / "site")
    database = open_site(tmp_path / "site")
    try:
        with database.read() as connection:
            sent = set(connection.execute(sa.select(tables.messages.c.body)).scalars())
            kept = set(connection.execute(sa.select(tables.actions.c.body)).scalars())
            kept |= set(connection.execute(sa.select(tables.message_templates.c.body)).scalars())
    finally:
        database.close()
    assert len(sent) > 20 and len(kept) > 5
    assert [text for text in kept if not is_gsm(text)] == []
    # Names of people may need Unicode; what the sample site says must not.
    assert [text for text in sent if re.search("[–—…‘’“”•·]", text)] == []


@given(st.text(), st.text(), st.booleans())
def test_what_stands_in_a_message_is_clean_values_too(text: str, value: str, literal: bool) -> None:
    person = Reached(1, value, "+61400000000", {"Bay": value})
    found = compose(
        [person], f"{text}{{Zone}} {{Bay}}{{Name}}\r", handler_id=1, now=NOW, useful_life=timedelta(1),
        most_parts=1, values={"Zone": value}, literal=literal, cut=True,
    )  # fmt: skip
    (draft,) = found.drafts
    assert draft.text == for_phone(draft.text) and "\r" not in draft.text
    assert draft.segments == measure(draft.text).parts
