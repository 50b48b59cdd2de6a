"""What a back-test has found of one policy: how often it decided what, and examples.

Text in examples is as it stands in the journal: whoever prints it neutralises it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs
from reenact.codec import plain
from reenact.judging import Settlement, Stage, ToolRequest
from reenact.llm import LlmRequest, LlmResponse, Part
from reenact.policy import Verdict
from reenact.records import DecisionRecord

from reenact_inspect.past import PastCall

Outcome: TypeAlias = Literal["allow", "deny", "modify", "wait", "error"]

EXCERPT_CHARS = 160
_BEFORE_CHARS = 50
ERROR = "policy_error"


@attrs.frozen(kw_only=True)
class Example:
    """One decision of which a back-test tells.

    Attributes:
        run_id: The run.
        path: The call in it.
        attempt: Which try, from 1.
        stage: The stage of the chain.
        outcome: What was decided; ``error`` if the policy raised, took too long or made no sense.
        reason: Why, in the policy's words.
        text: What it was about, an excerpt; untrusted, as it stands in the journal.
        became: The same place after the policy; empty unless it changed something.
        at_ns: When the call was made.
    """

    run_id: str
    path: str
    attempt: int
    stage: Stage
    outcome: Outcome
    reason: str
    text: str
    became: str = ""
    at_ns: int = 0


@attrs.define
class Counts:
    """How often a policy decided what in one stage.

    Attributes:
        allow: Let it go on as it was.
        deny: Refused it.
        modify: Changed it.
        wait: Had it wait, or asked a person.
        error: Raised, took too long or made no sense, which counts as a refusal.
    """

    allow: int = 0
    deny: int = 0
    modify: int = 0
    wait: int = 0
    error: int = 0

    @property
    def judged(self) -> int:
        """How often it was asked."""
        return self.allow + self.deny + self.modify + self.wait + self.error


@attrs.define(kw_only=True)
class PolicyReport:
    """What one policy would have done.

    Attributes:
        name: The policy.
        version: Its version.
        calls: How many calls it was asked about, in whatever stage.
        denied: How many of them it would have refused, errors included.
        changed: How many it would have changed and let go on.
        delayed: How many it would have had wait, and let go on.
        stages: What it decided, by stage.
        examples: Some of what it did not just allow, at most so many of each outcome in each stage.
        first_denied: The first refusal: when a budget would have run out.
        reasons: How often which reason was given, other than for allowing.
    """

    name: str
    version: str
    calls: int = 0
    denied: int = 0
    changed: int = 0
    delayed: int = 0
    stages: dict[Stage, Counts] = attrs.field(factory=dict)
    examples: list[Example] = attrs.field(factory=list)
    first_denied: Example | None = None
    reasons: dict[str, int] = attrs.field(factory=dict)

    @property
    def errors(self) -> int:
        """How often it raised, took too long or made no sense."""
        return sum(counts.error for counts in self.stages.values())

    def share(self, calls: int) -> float:
        """Return what part of the calls it was asked about *calls* are, 0 to 1."""
        return calls / self.calls if self.calls else 0.0

    def note(
        self, call: PastCall, attempt: int, stage: Stage, value: Any, verdict: Verdict[Any], most: int
    ) -> Outcome:
        """Count a decision, and keep it as an example if there are not enough like it."""
        decision = verdict.decisions[-1]
        outcome = outcome_of(decision)
        counts = self.stages.setdefault(stage, Counts())
        setattr(counts, outcome, getattr(counts, outcome) + 1)
        if outcome == "allow":
            return outcome
        self.reasons[decision.reason] = self.reasons.get(decision.reason, 0) + 1
        first = outcome in ("deny", "error") and self.first_denied is None
        if first or getattr(counts, outcome) <= most:
            text, became = excerpts(value, verdict.value) if outcome == "modify" else (excerpt(value), "")
            example = Example(
                run_id=call.run.id,
                path=call.path,
                attempt=attempt,
                stage=stage,
                outcome=outcome,
                reason=decision.reason,
                text=text,
                became=became,
                at_ns=call.at_ns,
            )
            if getattr(counts, outcome) <= most:
                self.examples.append(example)
            if first:
                self.first_denied = example
        return outcome


def outcome_of(decision: DecisionRecord) -> Outcome:
    """Return what was decided; a refusal that stands for a policy's failure is an error."""
    failed = decision.verdict == "deny" and decision.reason.partition(":")[0] == ERROR
    return "error" if failed else decision.verdict


# --- excerpts ---------------------------------------------------------------------------------------


def excerpt(value: Any) -> str:
    """Return the end of the talk that a value is, or the arguments of a tool, cut short."""
    texts = [text for text in _texts(value) if text.strip()]
    return _cut(texts[-1]) if texts else ""


def excerpts(before: Any, after: Any) -> tuple[str, str]:
    """Return the first place in which two values differ, as it was and as it became, cut short."""
    for old, new in zip(_texts(before), _texts(after), strict=False):
        if old != new:
            same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
            start = max(same - _BEFORE_CHARS, 0)
            return _cut(old[start:], start > 0), _cut(new[start:], start > 0)
    names = [name for name in _fields(before) if getattr(before, name) != getattr(after, name, None)]
    if not names:
        return excerpt(before), excerpt(after)
    return tuple(_cut(f"{names[0]} = {getattr(one, names[0])!r}") for one in (before, after))  # type: ignore[return-value]  # two of them


def _fields(value: Any) -> list[str]:
    return [field.name for field in attrs.fields(type(value))] if attrs.has(type(value)) else []


def _texts(value: Any) -> Sequence[str]:
    if isinstance(value, ToolRequest):
        return [f"{value.name}({_spelled(value.arguments)})"]
    if isinstance(value, Settlement):
        return _texts(value.response) if value.response is not None else []
    if isinstance(value, LlmResponse):
        return [_text(part) for part in value.message.parts]
    if isinstance(value, LlmRequest):
        return [_text(part) for message in value.messages for part in message.parts]
    return []


def _text(part: Part) -> str:
    return part.text or (f"{part.name}({_spelled(part.arguments)})" if part.arguments is not None else "")


def _spelled(arguments: Mapping[str, Any] | None) -> str:
    return json.dumps(plain(dict(arguments or {})), ensure_ascii=False)


def _cut(text: str, begun: bool = False) -> str:
    shown = text if len(text) <= EXCERPT_CHARS else f"{text[: EXCERPT_CHARS - 1]}…"
    return f"…{shown}" if begun else shown
