"""What Presidio finds, beside what the package's own detector finds.

Presidio reads with a language model of spaCy and so knows names of people and places, which
no pattern does. It is asked only if the options say so: it is large, takes tens of
milliseconds a text, and has no finished way to undo notations, so the own detector stays.

Presidio would download a model that is missing, and for addresses a list of domains. Here
nothing is downloaded: a model that is named must be installed, without one Presidio knows its
patterns only, and addresses are the own detector's business.
"""

from collections.abc import Collection
from importlib import import_module
from typing import Any, Protocol

import attrs
from reenact.errors import ConfigError

from reenact_pii.finding import find
from reenact_pii.findings import Finding, Hit, Kind, settle
from reenact_pii.vault import Finder

_KINDS = {
    "EMAIL_ADDRESS": Kind.EMAIL,
    "PHONE_NUMBER": Kind.PHONE,
    "CREDIT_CARD": Kind.CREDIT_CARD,
    "IBAN_CODE": Kind.IBAN,
    "US_SSN": Kind.US_SSN,
    "IP_ADDRESS": Kind.IP,
    "MAC_ADDRESS": Kind.MAC,
    "CRYPTO": Kind.CRYPTO,
    "PERSON": Kind.PERSON,
    "LOCATION": Kind.LOCATION,
    "US_ITIN": Kind.NATIONAL_ID,
    "US_PASSPORT": Kind.NATIONAL_ID,
    "US_DRIVER_LICENSE": Kind.NATIONAL_ID,
}
_COUNTRIES = ("AU_", "CA_", "DE_", "ES_", "FI_", "IN_", "IT_", "KR_", "PL_", "SG_", "TH_", "UK_")
"""Entities that begin so are national numbers."""

_NOT_OURS = frozenset({"IN_VEHICLE_REGISTRATION", "AU_ABN", "AU_ACN", "IT_VAT_CODE", "SG_UEN", "IN_GSTIN"})
"""Numbers of cars and companies."""

_DOWNLOADING = ("EmailRecognizer", "UrlRecognizer")
"""Recognizers that ask the network for the public suffix list."""

_MIN_SCORE = 0.4
"""Presidio's own advice for what it is half sure of."""

_LESS = 0.05
"""Taken off its scores, so that of two findings the own detector's stays."""


class Result(Protocol):
    """A finding of Presidio's."""

    entity_type: str
    start: int
    end: int
    score: float


class Analyzer(Protocol):
    """What is used of Presidio's ``AnalyzerEngine``."""

    def analyze(self, text: str, language: str, *, score_threshold: float | None = None) -> list[Any]:
        """Return the findings in *text*."""


@attrs.frozen
class PresidioFinder:
    """Finds what the own detector and Presidio find.

    Attributes:
        analyzer: Presidio.
        language: The language it reads.
    """

    analyzer: Analyzer
    language: str

    def __call__(self, text: str, kinds: Collection[Kind], before: str) -> list[Finding]:
        """Return what is found in *text*, of these *kinds*, which stands behind *before*."""
        own = [Hit(*attrs.astuple(item)) for item in find(text, kinds, before=before)]
        results: list[Result] = self.analyzer.analyze(text, self.language, score_threshold=_MIN_SCORE)
        theirs = [hit for result in results if (hit := _hit(result)) is not None and hit.kind in kinds]
        return settle([*own, *theirs])


def _hit(result: Result) -> Hit | None:
    kind = _kind(result.entity_type)
    if kind is None or result.start >= result.end:
        return None
    score = max(0.0, min(1.0, result.score) - _LESS)
    return Hit(result.start, result.end, kind, score, f"Presidio: {result.entity_type}")


def _kind(entity: str) -> Kind | None:
    national = entity.startswith(_COUNTRIES) and entity not in _NOT_OURS
    return _KINDS.get(entity, Kind.NATIONAL_ID if national else None)


def open_presidio(language: str, spacy_model: str) -> Finder:
    """Return a finder that asks Presidio, too.

    Args:
        language: Such as ``en``.
        spacy_model: The name of an installed spaCy model; patterns only if empty.

    Raises:
        ConfigError: If Presidio, or the model, is not installed.
    """
    try:
        spacy: Any = import_module("spacy")
        presidio: Any = import_module("presidio_analyzer")
        nlp: Any = import_module("presidio_analyzer.nlp_engine")
    except ImportError as error:
        raise ConfigError(
            "the engine 'presidio' is not installed. Install it with: pip install 'reenact-pii[presidio]'",
            "policies.pii.engine",
        ) from error
    if spacy_model and not spacy.util.is_package(spacy_model):
        raise ConfigError(
            f"the spaCy model {spacy_model!r} is not installed. Install it with: "
            f"python -m spacy download {spacy_model}, or leave spacy_model out to find patterns only",
            "policies.pii.spacy_model",
        )
    engine = nlp.SpacyNlpEngine(models=[{"lang_code": language, "model_name": spacy_model or "blank"}])
    engine.nlp = {language: spacy.load(spacy_model) if spacy_model else spacy.blank(language)}
    analyzer = presidio.AnalyzerEngine(nlp_engine=engine, supported_languages=[language])
    for name in _DOWNLOADING:
        analyzer.registry.remove_recognizer(name)
    return PresidioFinder(analyzer, language)
