"""What a scripted model answers, and to what: a script is a question and an answer."""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import attrs
from reenact.codec import canonical, plain
from reenact.errors import NotStorableError, ProviderError, UsageError
from reenact.llm import Finish, LlmMessage, LlmRequest, LlmResponse, Part, Usage, assistant

from pytest_reenact.matching import is_step, likeness, nearest

NOT_GIVEN: Any = attrs.make_class("NotGiven", [], frozen=True)()
NAME = "mock"
"""The provider of models that nobody has configured."""

CHARS_PER_TOKEN = 4
"""For the estimate, where a script does not say."""

SHOWN_CHARS = 300

Match: TypeAlias = str | re.Pattern[str] | Callable[[LlmRequest], bool]
Failing: TypeAlias = ProviderError | type[ProviderError]


@attrs.frozen
class ToolCall:
    """A tool that an answer calls.

    Attributes:
        name: The tool.
        arguments: What it is called with.
        id: Names the call; made up if empty.
    """

    name: str
    arguments: Mapping[str, Any] = attrs.field(factory=dict)
    id: str = ""


def tool_call(name: str, /, **arguments: Any) -> ToolCall:
    """Return a call of the tool *name*, for ``mock_llm.script(tool_calls=[...])``."""
    return ToolCall(name, arguments)


@attrs.frozen(kw_only=True, slots=False)
class Asked:
    """What of a call decides what is answered.

    Attributes:
        path: The step.
        alias: The model as the workflow asked for it.
        target: The model as it is asked, ``provider:model``.
        request: The request.
        attempt: Which try of the step, from 1.
    """

    path: str
    alias: str
    target: str
    request: LlmRequest
    attempt: int

    @functools.cached_property
    def said(self) -> str:
        """What system, user and tools have said; not what the model has."""
        return "\n".join(_said(m) for m in self.request.messages if m.role != "assistant")

    @property
    def provider(self) -> str:
        """The provider that is asked."""
        return self.target.partition(":")[0]

    def __str__(self) -> str:
        plain = self.target in (self.alias, f"{NAME}:{self.alias}")
        return f"{self.path!r} (model {self.alias if plain else f'{self.alias}, {self.target}'})"


def _said(message: LlmMessage) -> str:
    return "".join(part.text for part in message.parts if part.type in ("text", "document", "tool_result"))


@attrs.frozen
class Condition:
    """One thing a script asks of a call.

    Attributes:
        name: What is looked at.
        wanted: What the script wants there.
        found: What the call has there.
        holds: Whether that will do.
    """

    name: str
    wanted: str
    found: str
    holds: bool


@attrs.frozen(kw_only=True)
class Answer:
    """What is answered.

    Attributes:
        content: Text, or anything whose JSON is the text; or a whole response, an error, or
            a function of the request that returns any of these.
        chunks: The text in the pieces that a stream yields; words if empty.
        reasoning: What the model thinks first.
        refusal: The model's words, if it refuses.
        tool_calls: The tools it calls.
        usage: Tokens; estimated if None.
        finish: Why it ends; follows from the rest if None.
        cost_usd: Its price; as the runtime prices calls if None.
        latency_s: How long it takes, in seconds of the test's clock.
        error: Raised in place of an answer.
        errors: Raised at the first attempts, one each; the next one is answered.
        after: How many pieces a stream yields before the error.
    """

    content: Any = ""
    chunks: Sequence[str] = ()
    reasoning: str = ""
    refusal: str = ""
    tool_calls: Sequence[ToolCall] = ()
    usage: Usage | None = None
    finish: Finish | None = None
    cost_usd: Decimal | None = None
    latency_s: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    error: Failing | None = None
    errors: Sequence[Failing] = ()
    after: int = 0

    def response(self, asked: Asked, content: Any, request_id: str) -> LlmResponse:
        """Return the whole response, of which *content* is the text."""
        if isinstance(content, LlmResponse):
            return content
        text = as_text(content)
        parts = [Part(type="reasoning", text=self.reasoning)] if self.reasoning else []
        parts += [Part(type="text", text=text)] if text else []
        turn = sum(message.role == "assistant" for message in asked.request.messages)
        for number, call in enumerate(self.tool_calls):
            name = call.id or f"call_{turn}_{number}"
            parts.append(Part(type="tool_call", id=name, name=call.name, arguments=dict(call.arguments)))
        return LlmResponse(
            message=assistant(*parts),
            finish=self.finish or self._finish(),
            usage=self.usage or _estimate(asked.said, text + self.reasoning),
            model=asked.target.partition(":")[2],
            provider=asked.provider,
            request_id=request_id,
            cost_usd=self.cost_usd,
            refusal=self.refusal,
        )

    def _finish(self) -> Finish:
        if self.refusal:
            return "refusal"
        return "tool_calls" if self.tool_calls else "stop"


def _estimate(read: str, written: str) -> Usage:
    return Usage(
        input_tokens=-(-len(read) // CHARS_PER_TOKEN), output_tokens=-(-len(written) // CHARS_PER_TOKEN)
    )


def as_text(content: Any) -> str:
    """Return *content* as the text of an answer: text as it is, anything else as its JSON.

    Raises:
        UsageError: If it has no JSON.
    """
    if isinstance(content, str):
        return content
    try:
        value = plain(content)
    except NotStorableError as error:
        raise UsageError(f"an answer has to be text or have a JSON spelling: {error}") from error
    return json.dumps(json.loads(canonical(value)), ensure_ascii=False)


@attrs.define(kw_only=True, eq=False)
class Script:
    """A question, and what is answered to it; made by `MockLlm.script`.

    Attributes:
        number: Its place among the scripts of the test, from 1.
        answer: What is answered.
        match: What the words of system, user and tools have to contain or match, or what says of a
            request whether it is meant; anything if None.
        path: The step, or a pattern of paths; any if empty.
        model: The alias or ``provider:model`` asked for, ``*`` for anything; any if empty.
        times: How many calls it answers; any number if None.
        optional: Whether it may go unused.
        site: Where it was written, file and line.
        used: How many calls it has answered.
    """

    number: int
    answer: Answer
    match: Match | None = None
    path: str = ""
    model: str = ""
    times: int | None = 1
    optional: bool = False
    site: str = ""
    used: int = 0

    @property
    def used_up(self) -> bool:
        """Whether it has answered as many calls as it may."""
        return self.times is not None and self.used >= self.times

    @property
    def unused(self) -> int:
        """How many calls it has still to answer for the test to pass."""
        return 0 if self.optional else max((self.times or 1) - self.used, 0)

    def conditions(self, asked: Asked) -> list[Condition]:
        """Return what it asks of a call, and what *asked* has."""
        made = []
        if self.path:
            made.append(Condition("path", self.path, asked.path, is_step(self.path, asked.path)))
        if self.model:
            holds = any(is_model(self.model, name) for name in (asked.alias, asked.target))
            made.append(Condition("model", self.model, asked.alias, holds))
        if self.match is not None:
            made.append(self._matched(self.match, asked))
        return made

    def _matched(self, match: Match, asked: Asked) -> Condition:
        if isinstance(match, str):
            holds = match in asked.said
            return Condition("prompt", match, match if holds else nearest(match, asked.said), holds)
        if isinstance(match, re.Pattern):
            holds = match.search(asked.said) is not None
            found = match.pattern if holds else nearest(match.pattern, asked.said)
            return Condition("prompt", match.pattern, found, holds)
        name = getattr(match, "__qualname__", repr(match))
        return Condition("predicate", f"{name}(request)", asked.said, bool(match(asked.request)))

    def likeness(self, asked: Asked) -> float:
        """Return how near *asked* comes to being meant, from 0 to 1."""
        made = self.conditions(asked)
        return sum(1.0 if c.holds else 0.9 * likeness(c.wanted, c.found) for c in made) / max(len(made), 1)

    def __str__(self) -> str:
        said = [] if self.match is None else [_spelled(self.match)]
        said += [f"{name}={value!r}" for name, value in (("path", self.path), ("model", self.model)) if value]
        return f"script {self.number} ({', '.join(said) or 'any call'}; {self.site})"


def is_model(pattern: str, name: str) -> bool:
    """Say whether *pattern*, in which ``*`` stands for anything, means the model *name*."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def _spelled(match: Match) -> str:
    if isinstance(match, str):
        return shown(match)
    if isinstance(match, re.Pattern):
        return f"/{match.pattern}/"
    return getattr(match, "__qualname__", repr(match))


def shown(text: str) -> str:
    """Return *text* in quotes, controls spelled out, long ones cut."""
    return repr(text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…")


def explain_miss(scripts: Sequence[Script], asked: Asked) -> str:
    """Say that no script answers *asked*, and show the nearest one as a diff."""
    spent = [script for script in scripts if all(c.holds for c in script.conditions(asked))]
    if spent:
        used = f"{spent[-1]} answers it, and is used up after {spent[-1].used} of {spent[-1].times} calls"
        return f"no script answers {asked}: {used}; give it times=, or script another answer"
    if not scripts:
        return f"no script answers {asked}: there is none; it was asked {shown(asked.said)}"
    near = max(scripts, key=lambda script: script.likeness(asked))
    lines = [f"no script answers {asked}; the nearest is {near} (- the script, + the call):"]
    for condition in near.conditions(asked):
        if condition.holds:
            lines.append(f"    {condition.name} = {shown(condition.wanted)}")
        else:
            lines.append(f"  - {condition.name} = {shown(condition.wanted)}")
            lines.append(f"  + {condition.name} = {shown(condition.found)}")
    return "\n".join(lines)
