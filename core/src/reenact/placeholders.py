"""Deliver this, store that: values that policies took out of a request, and the way back to them.

A policy that replaces a value by a placeholder may say which value that was. The kernel
notes *where* the value stands in what the code asked (a place is numbers, never the value)
and records the places with the decision. The code that asks the same again brings the
values along, and the hash on record proves that it is the same; so live, on replay and
after a crash the kernel puts the values back in the same way, without the policy, and
without having stored one. What stands in no place on record is not restored: a placeholder
that a model makes up stays what it is.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs

from reenact.codec import Json
from reenact.llm import LlmEvent, LlmMessage, LlmResponse, Part

Value: TypeAlias = str | int
"""What a placeholder stands for: a piece of text, or a whole number of a JSON value."""

Place: TypeAlias = list[int]
"""Where a value stands: segment, leaf, and of a text the first position and the one after the last."""

_WHOLE = 2
"""Length of a place that is a leaf as a whole."""


@attrs.define
class Original:
    """What the code asked, in which places are found and looked up.

    It is a row of plain values, its *segments*: the messages of a request and then the rest
    of it; the arguments of a tool. Their texts and numbers, names of fields included, are
    counted in one order, the *leaves*.

    Attributes:
        segments: Returns them; called once, when it is needed.
    """

    segments: Callable[[], list[Json]]
    _leaves: list[list[Value]] = attrs.field(factory=list, init=False, repr=False)

    def _read(self) -> list[list[Value]]:
        if not self._leaves:
            self._leaves = [list(_leaves_of(segment)) for segment in self.segments()]
        return self._leaves

    def places(self, values: Mapping[str, Value]) -> dict[str, Place]:
        """Return where the *values* of placeholders stand first; those that stand nowhere are left out."""
        found = {placeholder: self._find(value) for placeholder, value in values.items()}
        return {placeholder: place for placeholder, place in found.items() if place is not None}

    def _find(self, value: Value) -> Place | None:
        for segment, leaves in enumerate(self._read()):
            for number, leaf in enumerate(leaves):
                if isinstance(value, str) and isinstance(leaf, str):
                    at = leaf.find(value) if value else -1
                    if at >= 0:
                        return [segment, number, at, at + len(value)]
                elif type(value) is type(leaf) and value == leaf:
                    return [segment, number]
        return None

    def values(self, places: Mapping[str, Place]) -> dict[str, Value]:
        """Return what stands at *places*; the inverse of `places` for what the code asked before."""
        return {placeholder: self._at(place) for placeholder, place in places.items()} if places else {}

    def _at(self, place: Place) -> Value:
        leaf = self._read()[place[0]][place[1]]
        return leaf if len(place) == _WHOLE or isinstance(leaf, int) else leaf[place[2] : place[3]]


def _leaves_of(value: Json) -> Iterator[Value]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield key
            yield from _leaves_of(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from _leaves_of(item)
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield value


class Placeholders:
    """Placeholders and the values they stand for.

    Args:
        values: The values by placeholder.
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values
        self._hidden = {value: name for name, value in reversed(list(values.items())) if value != ""}

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._values)

    def __repr__(self) -> str:
        """Say how many there are, and no value."""
        return f"<Placeholders: {len(self._values)}>"

    def restore(self, text: str) -> str:
        """Return *text* with values for placeholders."""
        return _replaced(text, self._values, lambda name: str(self._values[name]))

    def restore_json(self, text: str) -> str:
        """Return a JSON text with values for placeholders; it stays JSON."""
        return _replaced(text, self._values, lambda name: _inside_json(self._values[name]))

    def restore_value(self, value: Any) -> Any:
        """Return a plain value with values for the placeholders in its texts and names."""
        if isinstance(value, str):
            whole = self._values.get(value)
            return whole if isinstance(whole, int) else self.restore(value)
        return _mapped(value, self.restore_value, self.restore)

    def hide(self, text: str) -> str:
        """Return *text* with placeholders for values."""
        texts = [value for value in self._hidden if isinstance(value, str)]
        return _replaced(text, texts, lambda value: self._hidden[value])

    def hide_for_good(self, text: str) -> str:
        """Return *text* with placeholders for values, also where quotes or line ends of theirs are escaped.

        For what is read by people: restoring would not give the escapes back.
        """
        escaped = {_inside_json(value): name for value, name in self._hidden.items()}
        return _replaced(self.hide(text), escaped, lambda value: escaped[value])

    def hide_value(self, value: Any) -> Any:
        """Return a plain value with placeholders for the values in it."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._hidden.get(value, value)
        return _mapped(value, self.hide_value, self.hide)

    def restore_response(self, response: LlmResponse, *, in_json: bool) -> LlmResponse:
        """Return an answer with values for placeholders, in its text, refusal and tool calls.

        What the vendor has signed (reasoning with ``opaque``) stays as it came: it has to go back so.

        Args:
            response: The answer as it is on record.
            in_json: Whether its text is JSON.
        """
        if not self:
            return response
        parts: Any = tuple(self._restored_part(part, in_json) for part in response.message.parts)
        message = LlmMessage(role=response.message.role, parts=parts)
        return attrs.evolve(response, message=message, refusal=self.restore(response.refusal))

    def _restored_part(self, part: Part, in_json: bool) -> Part:
        if part.type == "reasoning" and part.opaque:
            return part
        restore = self.restore_json if in_json and part.type == "text" else self.restore
        arguments = part.arguments and self.restore_value(part.arguments)
        raw = self.restore(part.raw_arguments)
        return attrs.evolve(part, text=restore(part.text), arguments=arguments, raw_arguments=raw)

    def stream(self, *, in_json: bool) -> "Stream":
        """Return what restores a text that comes in pieces."""
        return Stream(self.restore_json if in_json else self.restore, self._values)

    def listener(self, told: Callable[[LlmEvent], None], *, in_json: bool) -> Callable[[LlmEvent], None]:
        """Return what tells *told* of events with values for placeholders.

        Args:
            told: Is told of the events.
            in_json: Whether the answer's text is JSON.
        """
        return EventRestorer(self, told, in_json) if self else told


def _mapped(value: Any, item: Callable[[Any], Any], name: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {name(key) if isinstance(key, str) else key: item(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [item(inner) for inner in value]
    return value


def _replaced(text: str, sought: Iterable[str], new: Callable[[str], str]) -> str:
    """Return *text* with *new* of each that is *sought* in its place."""
    here = [one for one in sought if one in text]
    return _any_of(here).sub(lambda match: new(match[0]), text) if here else text


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for any of *texts*, the longest that fits."""
    return re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True))) or r"(?!)")


def _inside_json(value: Value) -> str:
    return json.dumps(str(value), ensure_ascii=False)[1:-1]


NO_PLACEHOLDERS = Placeholders({})


class Stream:
    """Restores a text that comes in pieces; keeps back only what may begin a placeholder.

    Args:
        restore: Restores a text that is whole.
        sought: The placeholders it restores.
    """

    def __init__(self, restore: Callable[[str], str], sought: Mapping[str, Any]) -> None:
        self._restore = restore
        self._whole = _any_of(sought)
        self._beginnings = {text[:size] for text in sought for size in range(1, len(text))}
        self._longest = max(map(len, self._beginnings), default=0)
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take the next piece and return what is certain."""
        text = self._held + piece
        cut = self._certain(text)
        self._held = text[cut:]
        return self._restore(text[:cut])

    def _certain(self, text: str) -> int:
        """Return where the earliest placeholder begins that *text* may end within."""
        inside = {at for match in self._whole.finditer(text) for at in range(match.start() + 1, match.end())}
        for at in range(max(0, len(text) - self._longest), len(text)):
            if at not in inside and text[at:] in self._beginnings:
                return at
        return len(text)

    def flush(self) -> str:
        """Return the rest, when the text has ended."""
        held, self._held = self._held, ""
        return self._restore(held)


class EventRestorer:
    """Tells a listener of an answer's events with values for placeholders.

    Args:
        placeholders: The values.
        told: Is told.
        in_json: Whether the answer's text is JSON.
    """

    def __init__(self, placeholders: Placeholders, told: Callable[[LlmEvent], None], in_json: bool) -> None:
        self._placeholders = placeholders
        self._told = told
        self._in_json = in_json
        self._streams: dict[tuple[str, int], tuple[LlmEvent, Stream]] = {}

    def __call__(self, event: LlmEvent) -> None:
        """Take an event, and pass on what is certain of it."""
        if event.type in ("text", "reasoning", "tool_call"):
            self._flush(keep=event.type)
            stream = self._stream(event)
            self._told(attrs.evolve(event, text=stream.feed(event.text)))
            return
        self._flush()
        if event.response is not None:
            response = self._placeholders.restore_response(event.response, in_json=self._in_json)
            event = attrs.evolve(event, response=response)
        self._told(event)

    def _stream(self, event: LlmEvent) -> Stream:
        key = (event.type, event.index)
        if key not in self._streams:
            in_json = event.type == "tool_call" or (event.type == "text" and self._in_json)
            self._streams[key] = (event, self._placeholders.stream(in_json=in_json))
        return self._streams[key][1]

    def _flush(self, keep: str = "") -> None:
        """Pass on what was kept back of pieces of other kinds than *keep*."""
        for key, (first, stream) in list(self._streams.items()):
            if key[0] == keep:
                continue
            rest = stream.flush()
            del self._streams[key]
            if rest:
                self._told(LlmEvent(type=first.type, text=rest, index=first.index))
