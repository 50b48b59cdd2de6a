"""Presidio beside the own detector: a double of its interface, and itself where it is installed."""

import asyncio
import sys
from types import ModuleType
from typing import Any

import attrs
import pytest
from reenact.errors import ConfigError
from reenact.judging import Modify, PolicyContext
from reenact.llm import LlmRequest, user
from reenact.records import RunRecord
from reenact.trace import TraceContext
from reenact_pii import Kind, PiiOptions, open_pii
from reenact_pii.presidio import PresidioFinder, open_presidio

TEXT = "Marie Curie lives in Paris, her mail is marie@example.org and her VAT is IT00743110157."


@attrs.frozen
class Found:
    entity_type: str
    start: int
    end: int
    score: float


@attrs.define
class Analyzer:
    """Finds what it is told to, as Presidio would say it."""

    words: dict[str, tuple[str, float]]
    removed: list[str] = attrs.field(factory=list)

    @property
    def registry(self) -> "Analyzer":
        """Itself, which also stands for the registry of recognizers."""
        return self

    def remove_recognizer(self, name: str) -> None:
        self.removed.append(name)

    def analyze(self, text: str, language: str, *, score_threshold: float | None = None) -> list[Found]:
        assert language
        assert score_threshold
        return [
            Found(entity, text.index(word), text.index(word) + len(word), score)
            for word, (entity, score) in self.words.items()
            if word in text
        ]


DOUBLE = Analyzer(
    {
        "Marie Curie": ("PERSON", 0.85),
        "Paris": ("LOCATION", 0.85),
        "marie@example.org": ("EMAIL_ADDRESS", 1.0),
        "example.org": ("URL", 0.5),
        "IT00743110157": ("IT_VAT_CODE", 0.6),
    }
)


def kinds(finder: Any, text: str = TEXT, wanted: Any = frozenset(Kind)) -> list[tuple[str, str]]:
    return [(str(item.kind), text[item.start : item.end]) for item in finder(text, wanted, "")]


def test_names_and_places_are_added_to_what_is_found_anyway() -> None:
    """Presidio's persons and places count; its URLs, and numbers of companies, are nobody's."""
    found = kinds(PresidioFinder(DOUBLE, "en"))

    assert found == [("PERSON", "Marie Curie"), ("LOCATION", "Paris"), ("EMAIL", "marie@example.org")]


def test_only_the_kinds_that_are_wanted_are_found() -> None:
    """What is to be kept is not found."""
    assert kinds(PresidioFinder(DOUBLE, "en"), wanted={Kind.LOCATION}) == [("LOCATION", "Paris")]


def test_of_two_findings_the_own_one_stays() -> None:
    """Presidio does not take a part of what the own detector has found as a whole."""
    card = "card 4111 1111 1111 1111"
    analyzer = Analyzer({"1111 1111": ("PHONE_NUMBER", 0.9)})

    assert kinds(PresidioFinder(analyzer, "en"), card) == [("CREDIT_CARD", "4111 1111 1111 1111")]


def test_without_presidio_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is imported when it is asked for, and the message is the remedy."""
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)

    with pytest.raises(ConfigError, match=r"pip install 'reenact-pii\[presidio\]'"):
        asyncio.run(opened(PiiOptions(engine="presidio")))


async def opened(options: PiiOptions) -> Any:
    async with open_pii(options) as policy:
        return policy


class Nlp:
    """Stands for ``SpacyNlpEngine``."""

    def __init__(self, models: list[dict[str, str]]) -> None:
        self.models = models
        self.nlp: dict[str, str] = {}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A double of spaCy and Presidio as modules; what engines were made with."""
    made: list[Any] = []
    spacy, util = ModuleType("spacy"), ModuleType("spacy.util")
    spacy.__dict__.update(util=util, blank=lambda language: f"blank {language}", load=lambda name: name)
    util.__dict__["is_package"] = lambda name: name == "en_model"
    analyzer, engine = ModuleType("presidio_analyzer"), ModuleType("presidio_analyzer.nlp_engine")

    def make(nlp_engine: Nlp, supported_languages: list[str]) -> Analyzer:
        made.append((nlp_engine.nlp, supported_languages))
        return DOUBLE

    analyzer.__dict__["AnalyzerEngine"] = make
    engine.__dict__["SpacyNlpEngine"] = Nlp
    for module in (spacy, util, analyzer, engine):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


@pytest.mark.parametrize(("model", "loaded"), [("", "blank de"), ("en_model", "en_model")])
def test_only_what_is_installed_is_loaded(installed: list[Any], model: str, loaded: str) -> None:
    """Presidio gets a finished language model, and so has nothing to download."""
    open_presidio("de", model)

    assert installed == [({"de": loaded}, ["de"])]
    assert DOUBLE.removed[-2:] == ["EmailRecognizer", "UrlRecognizer"]


@pytest.mark.usefixtures("installed")
def test_a_model_that_is_missing_is_an_error_and_no_download() -> None:
    """The error says how to install it, and how to do without."""
    with pytest.raises(ConfigError, match="python -m spacy download xx_model"):
        open_presidio("en", "xx_model")


@pytest.mark.usefixtures("installed")
def test_the_policy_takes_names_out() -> None:
    """With the engine configured, a request goes out without names and places."""
    run = RunRecord(id="run", trace_id="1" * 32, workflow="w", key="ab" * 16)

    async def hold(_: Any) -> None:
        """Hold nothing."""

    context = PolicyContext(stage="request", run=run, trace=TraceContext("1" * 32, "run", "", 1), hold=hold)

    async def ask() -> Any:
        async with open_pii(PiiOptions(engine="presidio")) as policy:
            return await policy.evaluate(LlmRequest(model="m", messages=(user(TEXT),)), context)

    decision = asyncio.run(ask())

    assert isinstance(decision, Modify)
    assert decision.detail["replaced"] == {"EMAIL": 1, "LOCATION": 1, "PERSON": 1}
    assert "Curie" not in decision.value.messages[0].text


def test_presidio_itself_finds_by_its_patterns() -> None:
    """The real engine, without a language model, finds what it has patterns for."""
    pytest.importorskip("presidio_analyzer")
    finder = open_presidio("en", "")

    found = finder("My NHS number is 401-023-2137, write to jo@example.org.", frozenset(Kind), "")

    assert [(item.kind, item.why) for item in found] == [
        (Kind.NATIONAL_ID, "Presidio: UK_NHS"),
        (Kind.EMAIL, "address"),
    ]
