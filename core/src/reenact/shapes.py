"""How results are put on record and read back: values by their type, a model's answer by its parts."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from reenact.calling import LlmCall
from reenact.codec import canonical, decode, faithful, read_as
from reenact.content import Blob, Chains, pack
from reenact.llm import LlmResponse, assistant, response_from
from reenact.placeholders import Placeholders
from reenact.steps import Settled


@attrs.frozen
class ValueShape:
    """A value of a declared type.

    Attributes:
        wanted: The type it is read back as.
    """

    wanted: Any

    def settle(self, value: Any, blobs: dict[str, Blob]) -> Settled:
        """Return the stored spelling of *value*, and the value as a replay will read it."""
        data, back = faithful(value, self.wanted)
        return Settled(pack(data, blobs), back)

    def given(self, value: Any) -> Any:
        """Return a plain value that a person has written."""
        return self.read(value)

    def read(self, value: Any) -> Any:
        """Return a plain value as the declared type."""
        if type(value) is self.wanted and not isinstance(value, (dict, list)):
            return value
        return read_as(value, self.wanted)


ANY = ValueShape(Any)


@attrs.frozen
class HiddenShape:
    """A value that is stored with placeholders for the values that policies took out of the step's input.

    Attributes:
        shape: The value's own shape.
        placeholders: Returns the placeholders.
    """

    shape: ValueShape
    placeholders: Callable[[], Placeholders]

    def given(self, value: Any) -> Any:
        """Return a plain value that a person has written."""
        return self.shape.given(value)

    def settle(self, value: Any, blobs: dict[str, Blob]) -> Settled:
        """Return the stored spelling of *value*, and the value as a replay will read it."""
        placeholders = self.placeholders()
        if not placeholders:
            return self.shape.settle(value, blobs)
        data, _ = faithful(value, self.shape.wanted)
        hidden = placeholders.hide_value(decode(data))
        return Settled(pack(canonical(hidden), blobs), self.read(hidden))

    def read(self, value: Any) -> Any:
        """Return a plain value as the declared type, with values for placeholders."""
        return self.shape.read(self.placeholders().restore_value(value))


@attrs.frozen
class LlmShape:
    """A model's answer, stored as the next message of its conversation.

    Attributes:
        call: What it answers, as policies have left it.
        chains: The run's conversations.
    """

    call: LlmCall
    chains: Chains

    def settle(self, value: LlmResponse, blobs: dict[str, Blob]) -> Settled:
        """Return the stored spelling of an answer, and the answer."""
        stored = value.stored(self.call.request.messages, self.chains, blobs)
        usage = value.usage
        return Settled(
            canonical(stored),
            value,
            model=value.model,
            tokens_in=usage.input_tokens or 0,
            tokens_out=usage.output_tokens or 0,
            asked=self.call.asked,
            cost_usd="" if value.cost_usd is None else f"{value.cost_usd:f}",
        )

    def given(self, value: Any) -> LlmResponse:
        """Return the answer that a person has written: its text, or an answer in full."""
        return LlmResponse(message=assistant(value)) if isinstance(value, str) else response_from(value)

    def read(self, value: Mapping[str, Any]) -> LlmResponse:
        """Return the answer of a plain value on record."""
        return response_from(value)
