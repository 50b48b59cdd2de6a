"""The file of answers: what may stand in it, and reading it.

An entry is a question (which step, which piece of the prompt, which model) and
what is answered to it. Nothing in it counts calls: what an entry answers follows
from the request alone, so that a run which is killed and resumed is answered as
if it had not been.
"""

import json as json_module
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from reenact import errors
from reenact.errors import ConfigError, ProviderError, did_you_mean
from reenact.fitting import structure
from reenact.llm import Finish, Usage

FILE_BYTES_MAX = 10_000_000
NOT_GIVEN: Any = attrs.make_class("NotGiven", [], frozen=True)()

KINDS: Mapping[str, type[ProviderError]] = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, ProviderError)
}
"""The errors an answer can be, by the names of their classes."""


@attrs.frozen(kw_only=True)
class ToolCall:
    """A tool that an answer calls.

    Attributes:
        name: The tool.
        arguments: What it is called with.
        id: Names the call; made up from its place in the conversation if empty.
    """

    name: str
    arguments: dict[str, Any] = attrs.field(factory=dict)
    id: str = ""


def _known_kind(_: object, __: object, kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"there is no error {kind!r}{did_you_mean(kind, list(KINDS))}")


@attrs.frozen(kw_only=True)
class Error:
    """An error in place of an answer.

    Attributes:
        kind: A class of the `ProviderError` tree, such as ``RateLimitedError``.
        message: The vendor's words.
        status: The HTTP status.
        retry_after_s: How long the vendor asks to wait, in seconds.
        after: How many pieces of the answer a stream yields before it.
    """

    kind: str = attrs.field(validator=_known_kind)
    message: str = "as the script says"
    status: int | None = None
    retry_after_s: float | None = None
    after: int = attrs.field(default=0, validator=attrs.validators.ge(0))

    def made(self, provider: str) -> ProviderError:
        """Return the exception."""
        return KINDS[self.kind](provider, self.message, status=self.status, retry_after_s=self.retry_after_s)


@attrs.frozen(kw_only=True)
class Answer:
    """What is answered.

    Attributes:
        text: The text.
        json: A value whose JSON is the text.
        chunks: The text, in the pieces that a stream yields.
        reasoning: What the model thought.
        refusal: The model's words, if it refuses.
        tool_calls: The tools it calls.
        usage: Tokens, by the fields of `Usage`; estimated if empty.
        finish: Why it ended; follows from the rest if it is not given.
        latency_s: How long it takes, in seconds; the provider's option if it is not given.
        error: Raised at every attempt.
        errors: Raised at the first attempts, one each; later ones are answered.
    """

    text: str = ""
    json: Any = NOT_GIVEN
    chunks: list[str] = attrs.field(factory=list)
    reasoning: str = ""
    refusal: str = ""
    tool_calls: list[ToolCall] = attrs.field(factory=list)
    usage: dict[str, int] = attrs.field(factory=dict)
    finish: Finish | None = None
    latency_s: float | None = None
    error: Error | None = None
    errors: list[Error] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        spelled = [bool(self.text), self.json is not NOT_GIVEN, bool(self.chunks)]
        if sum(spelled) > 1:
            raise ValueError("it has more than one of text, json and chunks")
        if self.latency_s is not None and self.latency_s < 0:
            raise ValueError("latency_s is less than 0")
        _ = Usage(**_counted(self.usage))
        _ = self.pieces

    @property
    def empty(self) -> bool:
        """Whether it says nothing at all."""
        return not (self.pieces or self.tool_calls or self.refusal or self.reasoning or self.error)

    @property
    def pieces(self) -> list[str]:
        """The text as a stream yields it: a word at a time, if nothing else is said."""
        if self.chunks:
            return self.chunks
        text = self.text if self.json is NOT_GIVEN else _as_json(self.json)
        words = [f"{word} " for word in text.split(" ")]
        return [*words[:-1], words[-1][:-1]] if text else []

    def error_at(self, attempt: int) -> Error | None:
        """Return what is raised at the *attempt*-th try of a step, from 1; None if it is answered."""
        if self.error is not None:
            return self.error
        return self.errors[attempt - 1] if attempt <= len(self.errors) else None


def _counted(usage: Mapping[str, int]) -> dict[str, int]:
    known = [field.name for field in attrs.fields(Usage)]
    for key in usage:
        if key not in known:
            raise ValueError(f"unknown key {key!r} in usage{did_you_mean(key, known)}")
    return dict(usage)


def _as_json(value: Any) -> str:
    try:
        return json_module.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"json: {error}") from error


@attrs.frozen(kw_only=True)
class Entry(Answer):
    """A question, and what is answered to it.

    Attributes:
        path: The step, with ``*`` for anything in a segment and ``**`` for anything.
        model: The model's name, with ``*`` for anything.
        prompt: What all has to be found in the system's, user's and tools' words.
        turns: Answers of one conversation, by how often the model has spoken in it.
        repeats: Answers of steps that differ in their last number, by that number.
    """

    path: str = "**"
    model: str = "**"
    prompt: str | list[str] = attrs.field(factory=list)
    turns: list[Answer] = attrs.field(factory=list)
    repeats: list[Answer] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if sum([not self.empty, bool(self.turns), bool(self.repeats)]) != 1:
            raise ValueError("it needs one answer (text, json, tool_calls, error ...), or turns, or repeats")
        for name, listed in (("turns", self.turns), ("repeats", self.repeats)):
            if any(answer.empty for answer in listed):
                raise ValueError(f"an answer in {name} is empty")

    @property
    def phrases(self) -> list[str]:
        """What all has to be found in the prompt."""
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt


# --- reading --------------------------------------------------------------------------------------


def read_script(file: Path) -> list[Entry]:
    """Return the entries of a file of answers.

    Raises:
        ConfigError: If it cannot be read, or something in it is wrong; says where.
    """
    try:
        return _entries(_read(file))
    except ConfigError as error:
        raise attrs.evolve(error, source=str(file)) from error.__cause__


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise ConfigError(f"larger than {FILE_BYTES_MAX} bytes")
        text = file.read_text(encoding="utf-8")
        values = json_module.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"the file of answers cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"not valid {'JSON' if file.suffix == '.json' else 'TOML'}: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError("it is not a table with a list 'answer'")
    return values


def _entries(values: Mapping[str, Any]) -> list[Entry]:
    for key in values:
        if key != "answer":
            raise ConfigError(f"unknown key {key!r}; entries stand in [[answer]]")
    return [_entry(table, f"answer[{i}]") for i, table in enumerate(_tables(values, "answer", ""))]


def _entry(table: dict[str, Any], where: str) -> Entry:
    for name in ("turns", "repeats"):
        for i, inner in enumerate(_tables(table, name, where)):
            _answer(inner, Answer, f"{where}.{name}[{i}]")
    entry: Entry = _answer(table, Entry, where)
    return entry


def _answer(table: dict[str, Any], cls: type[Answer], where: str) -> Any:
    for name, inner_cls in (("tool_calls", ToolCall), ("errors", Error)):
        for i, inner in enumerate(_tables(table, name, where)):
            structure(inner, inner_cls, f"{where}.{name}[{i}]", {})
    if isinstance(table.get("error"), dict):
        structure(table["error"], Error, f"{where}.error", {})
    return structure(table, cls, where, {})


def _tables(values: Mapping[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    listed = values.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise ConfigError(f"{name} must be a list of tables", where)
    return listed
