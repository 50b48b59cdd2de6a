"""The policy ``injection``: finds prompt injection in what a model is about to read.

It judges what the user says, what documents say and what tools answered, each by itself. It
is a filter, not a proof: it misses attacks, and takes some harmless texts for one. The README
has the figures.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs
from reenact.hookspecs import hookimpl
from reenact.judging import Allow, Decision, Deny, Modify, Policy, PolicyContext, Stage, ToolRequest
from reenact.llm import LlmRequest
from reenact.seams import Offer
from reenact.trace import neutral

from reenact_injection.detect import THRESHOLD, Finding, detect
from reenact_injection.parts import UNTRUSTED, Piece, Source, definitions, pieces, untrusted, with_text

__all__ = [
    "THRESHOLD",
    "Finding",
    "InjectionOptions",
    "InjectionPolicy",
    "detect",
    "open_injection",
    "reenact_policies",
]

Action: TypeAlias = Literal["deny", "flag", "strip"]

VERSION: Final = "7"
"""Raised when the model or the normaliser changes what is decided."""
REMOVED: Final = "[removed: suspected prompt injection]"

_LONG_CHARS = 32_768
_PLACE_CHARS = 80
_STAGES: tuple[Stage, ...] = ("request", "tool")


def _some_of(allowed: Sequence[str]) -> Any:
    return attrs.validators.deep_iterable(attrs.validators.in_(allowed), attrs.validators.min_len(1))


@attrs.frozen(kw_only=True)
class InjectionOptions:
    """What the TOML may set.

    Attributes:
        threshold: Score, over 0 and up to 1, from which a text counts as an injection.
        action: ``deny`` refuses the call; ``strip`` takes the suspicious sentences out and goes
            on; ``flag`` goes on, marks them as not trusted and puts them on record.
        stages: Where it judges: ``request`` for what a model reads, ``tool`` for what a tool is called with.
        sources: Whose words it judges in a request; ``definition`` is what tools on offer say of themselves.
        mark_untrusted: Whether documents and tool results are marked as not trusted, suspicious or not.
    """

    threshold: float = attrs.field(
        default=THRESHOLD, validator=attrs.validators.and_(attrs.validators.gt(0), attrs.validators.le(1))
    )
    action: Action = attrs.field(default="deny", validator=attrs.validators.in_(get_args(Action)))
    stages: list[str] = attrs.field(factory=lambda: ["request"], validator=_some_of(_STAGES))
    sources: list[str] = attrs.field(
        factory=lambda: ["user", "document", "tool"],
        validator=_some_of([source for source in get_args(Source) if source != "arguments"]),
    )
    mark_untrusted: bool = True


KNOWN_MAX = 4096
"""How many texts a policy knows by their hash: each turn of a conversation brings all of them again."""


@attrs.frozen
class _Judged:
    """What a policy remembers of a text, which is nothing of its words; the fields of a `Finding`."""

    score: float
    signals: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


class InjectionPolicy:
    """Judges requests and tool calls; of a text it remembers what was found in it, by its hash.

    Args:
        options: The options.
    """

    def __init__(self, options: InjectionOptions) -> None:
        self._options = options
        self.stages: frozenset[Stage] = frozenset(stage for stage in _STAGES if stage in options.stages)
        self._known: dict[bytes, _Judged] = {}

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:  # noqa: ARG002 - the seam's signature
        """Return what becomes of a request or a tool call."""
        if not isinstance(value, (LlmRequest, ToolRequest)):
            return Allow()
        judged = {"arguments", *self._options.sources}
        told = definitions(value) if isinstance(value, LlmRequest) and "definition" in judged else ()
        found = [
            (piece, finding)
            for piece in chain(pieces(value), told)
            if piece.source in judged
            for finding in (await self._judged(piece.text),)
            if finding.score >= self._options.threshold
        ]
        if found and self._options.action == "deny":
            return Deny(_reason(found))
        return self._changed(value, found)

    async def _judged(self, text: str) -> _Judged:
        """Return what is found in a text; the texts that were not seen for the longest time are forgotten."""
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        finding = self._known.pop(name, None)
        if finding is None:
            short = len(text) < _LONG_CHARS
            finding = self._detected(text) if short else await asyncio.to_thread(self._detected, text)
        self._known[name] = finding
        if len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]
        return finding

    def _detected(self, text: str) -> _Judged:
        finding = detect(text, self._options.threshold)
        return _Judged(
            finding.score, finding.signals, () if self._options.action == "deny" else finding.spans
        )

    def _changed(self, value: LlmRequest | ToolRequest, found: list[tuple[Piece, _Judged]]) -> Decision:
        changed = value
        if found and self._options.action == "strip":
            changed = with_text(
                changed, {piece.place: _stripped(piece.text, finding) for piece, finding in found}
            )
        if isinstance(changed, LlmRequest):
            changed = untrusted(changed, {piece.place for piece, _ in found} | self._strange(changed))
        if not found and changed == value:
            return Allow()
        reason = _reason(found) if found else "documents and tool results marked as not trusted"
        return Modify(changed, reason, {"found": [_spelled(piece, finding) for piece, finding in found]})

    def _strange(self, request: LlmRequest) -> set[tuple[str | int, ...]]:
        if not self._options.mark_untrusted:
            return set()
        return {piece.place for piece in pieces(request) if piece.source in UNTRUSTED}


def _stripped(text: str, finding: _Judged) -> str:
    kept, done = [], 0
    for start, end in finding.spans:
        kept += [text[done:start], REMOVED]
        done = end
    return "".join((*kept, text[done:]))


def _reason(found: list[tuple[Piece, _Judged]]) -> str:
    piece, finding = max(found, key=lambda pair: pair[1].score)
    signs = ", ".join(finding.signals) or "no single sign"
    return f"suspected prompt injection in {_named(piece)} (score {finding.score:.2f}: {signs})"


def _named(piece: Piece) -> str:
    if piece.source == "arguments":
        return f"argument {neutral('.'.join(map(str, piece.place)))[:_PLACE_CHARS]}"
    if piece.source == "definition":
        return f"tool {piece.place[1]}, {neutral('.'.join(map(str, piece.place[2:])))[:_PLACE_CHARS]}"
    return f"message {piece.place[0]}, part {piece.place[1]}, from {piece.source}"


def _spelled(piece: Piece, finding: _Judged) -> dict[str, Any]:
    return {
        "source": piece.source,
        "place": list(piece.place),
        "score": round(finding.score, 4),
        "spans": [list(span) for span in finding.spans],
        "signals": list(finding.signals),
    }


@asynccontextmanager
async def open_injection(options: InjectionOptions) -> AsyncIterator[InjectionPolicy]:
    """Yield the policy, its model read."""
    detect("")
    yield InjectionPolicy(options)


@hookimpl
def reenact_policies() -> Iterable[Offer[Policy]]:
    """Offer the policy as ``injection``."""
    doc = "finds prompt injection in messages, documents and tool results"
    yield Offer("injection", open_injection, InjectionOptions, version=VERSION, doc=doc)
