"""What a model was asked and what it answered, without what differs each time.

A vendor names its answers and the tool calls in them anew each time, and signs what it
wants back. That tells nothing about whether two runs differ, so it is left out of what is
compared. What the model said, what it was told, and how it was to answer is kept.
"""

from typing import Any

_PART_NOISE = frozenset({"id", "opaque"})
_ANSWER = ("message", "finish", "refusal")


def asked(kind: str, value: Any) -> Any:
    """Return a step's input as it is compared."""
    if kind != "llm" or not isinstance(value, dict):
        return value
    return {**value, "messages": [_message(one) for one in value.get("messages", ())]}


def answered(kind: str, value: Any) -> Any:
    """Return a step's result as it is compared: of a model's answer what it says, not what it took."""
    if kind != "llm" or not isinstance(value, dict) or "message" not in value:
        return value
    kept = {key: value[key] for key in _ANSWER if key in value}
    return {**kept, "message": _message(value["message"])}


def texts_of(value: Any) -> str:
    """Return the text of a model's answer; empty if it has none."""
    message = value.get("message") if isinstance(value, dict) else None
    parts = message.get("parts", ()) if isinstance(message, dict) else ()
    return "".join(part.get("text", "") for part in parts if part.get("type") == "text")


def _message(message: Any) -> Any:
    if not isinstance(message, dict) or not isinstance(message.get("parts"), list):
        return message
    return {**message, "parts": [_part(part) for part in message["parts"]]}


def _part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {key: value for key, value in part.items() if key not in _PART_NOISE}
