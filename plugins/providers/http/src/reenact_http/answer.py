"""An answer as it grows, the same whether it comes whole or in pieces.

A vendor's reader adds what it finds in the order it finds it; pieces with one key become
one part. What the pieces add up to is decided once, here: which calls are whole, why the
answer ended, what was a refusal.
"""

from collections.abc import Mapping
from typing import Any, Literal

import attrs
from reenact.llm import Finish, LlmEvent, LlmMessage, LlmResponse, Part, Usage

from reenact_http.shape import arguments


@attrs.define
class _Slot:
    """A part that is still growing."""

    type: Literal["text", "reasoning", "tool_call"]
    pieces: list[str] = attrs.field(factory=list)
    opaque: dict[str, Any] = attrs.field(factory=dict)
    id: str = ""
    name: str = ""
    index: int = 0
    arguments: Mapping[str, Any] | None = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Assembly:
    """Puts an answer together.

    Args:
        provider: Whose answer it is; opaque data is kept under this name.
        calls_before: How many calls the conversation has; calls without an id are named by their number.
        answer_tool: The tool whose arguments are the answer, where structured output is asked for so.

    Attributes:
        finish: Why it ended; None as long as that is not known.
        usage: What was used, as far as is known.
        model: The model as it calls itself.
        id: The vendor's name for the answer.
        fingerprint: The vendor's name for the backend's state.
        refusal: The vendor's words, if the model refused.
    """

    def __init__(self, provider: str, *, calls_before: int = 0, answer_tool: str = "") -> None:
        self.finish: Finish | None = None
        self.usage: Usage | None = None
        self.model = self.id = self.fingerprint = self.refusal = ""
        self._provider = provider
        self._calls_before = calls_before
        self._answer_tool = answer_tool
        self._slots: dict[object, _Slot] = {}
        self._calls = 0

    def add_text(self, piece: str, key: object = "text") -> list[LlmEvent]:
        """Add to the answer's text."""
        if not piece:
            return []
        self._slot(key, "text").pieces.append(piece)
        return [LlmEvent(type="text", text=piece)]

    def add_reasoning(self, piece: str, key: object = "reasoning") -> list[LlmEvent]:
        """Add to the reasoning, which is no part of the answer's text."""
        slot = self._slot(key, "reasoning")
        if not piece:
            return []
        slot.pieces.append(piece)
        return [LlmEvent(type="reasoning", text=piece)]

    def add_call(self, key: object, *, id: str = "", name: str = "", piece: str = "") -> list[LlmEvent]:  # noqa: A002
        """Add to a tool call; some servers repeat id and name with each piece."""
        fresh = ("call", key) not in self._slots
        slot = self._slot(("call", key), "tool_call")
        if fresh:
            slot.index, self._calls = self._calls, self._calls + 1
        slot.id = slot.id or id
        slot.name = slot.name or name
        if piece:
            slot.pieces.append(piece)
        if slot.name == self._answer_tool and slot.name:
            return [LlmEvent(type="text", text=piece)] if piece else []
        return [LlmEvent(type="tool_call", index=slot.index, id=self._id(slot), name=slot.name, text=piece)]

    def add_whole_call(self, key: object, *, id: str, name: str, value: Mapping[str, Any]) -> list[LlmEvent]:  # noqa: A002
        """Add a tool call whose arguments come decoded."""
        from reenact.codec import canonical

        return self.add_call(key, id=id, name=name, piece=canonical(dict(value)).decode())

    def drop_call(self, key: object) -> None:
        """Forget a call that turned out to be cut off."""
        self._slots.pop(("call", key), None)

    def keep(self, key: object, opaque: Mapping[str, Any], *, call: bool = False) -> None:
        """Keep what the vendor needs back unchanged with a part that has been added."""
        self._slots[("call", key) if call else key].opaque.update(opaque)

    def add_usage(self, usage: Usage) -> list[LlmEvent]:
        """Note what was used so far; it takes the place of what was noted before."""
        if usage == self.usage:
            return []
        self.usage = usage
        return [LlmEvent(type="usage", usage=usage)]

    def hold(self, key: object) -> None:
        """Make room for a text that has no characters, and something to keep."""
        self._slot(key, "text")

    def want_reasoning_back(self, key: object = "reasoning") -> None:
        """Note that the vendor wants this reasoning back in the next request."""
        if key in self._slots:
            self.keep(key, {"back": True})

    def _slot(self, key: object, kind: Literal["text", "reasoning", "tool_call"]) -> _Slot:
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = _Slot(kind)
        return slot

    def _id(self, slot: _Slot) -> str:
        return slot.id or f"call_{self._calls_before + slot.index}"

    def response(
        self, *, asked: str = "", provider: str = "", request_id: str = "", raw: Any = None
    ) -> LlmResponse:
        """Return the answer as it stands.

        Args:
            asked: The model that was asked; what it is called if it does not call itself anything.
            provider: What the configuration calls who was asked; the plugin's own name if empty.
            request_id: The vendor's name for the call; the answer's own name if empty.
            raw: The vendor's answer, if it is to be kept.
        """
        parts = [part for slot in self._slots.values() if (part := self._part(slot))]
        finish = self._finish(parts)
        return LlmResponse(
            message=LlmMessage(role="assistant", parts=parts),
            finish=finish,
            usage=self.usage or Usage(),
            model=self.model or asked,
            provider=provider or self._provider,
            request_id=request_id or self.id,
            fingerprint=self.fingerprint,
            refusal=self.refusal,
            raw=raw,
        )

    def _part(self, slot: _Slot) -> Part | None:
        opaque = {self._provider: slot.opaque} if slot.opaque else {}
        if slot.type == "tool_call" and slot.name != self._answer_tool:
            return self._call(slot, opaque)
        kind: Literal["text", "reasoning"] = "reasoning" if slot.type == "reasoning" else "text"
        return Part(type=kind, text=slot.text, opaque=opaque) if slot.pieces or opaque else None

    def _call(self, slot: _Slot, opaque: Mapping[str, Any]) -> Part | None:
        text = slot.text
        values = arguments(text)
        if self.finish == "length" and (values is None or not text):
            return None  # cut off by the limit of tokens: half a call is no call
        raw = "" if values is not None else text
        return Part(
            type="tool_call",
            id=self._id(slot),
            name=slot.name,
            arguments=values,
            raw_arguments=raw,
            opaque=opaque,
        )

    def _finish(self, parts: list[Part]) -> Finish:
        """Return why it ended; some vendors say ``stop`` although they want tools called."""
        if self.refusal and self.finish in {None, "stop"}:
            return "refusal"
        called = any(part.type == "tool_call" for part in parts)
        if called and self.finish in {None, "stop", "tool_calls"}:
            return "tool_calls"
        if self.finish == "tool_calls":
            return "stop"
        return self.finish or "stop"


def calls_in(messages: tuple[LlmMessage, ...]) -> int:
    """Return how many tool calls a conversation has."""
    return sum(part.type == "tool_call" for message in messages for part in message.parts)
