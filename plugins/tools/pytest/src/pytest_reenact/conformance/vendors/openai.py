"""OpenAI, as far as the suite needs it."""

from collections.abc import Mapping
from typing import Any

from pytest_reenact.conformance.chat import ChatDouble, in_base64, only
from pytest_reenact.conformance.script import refuse_unless

MOST_STOPS = 4


class OpenaiDouble(ChatDouble):
    """Refuses what OpenAI's document does not have."""

    has = frozenset(
        {"ids", "seed", "choice", "required", "none", "schema", "images", "image_url", "documents", "refusal"}
        | {"filter", "reasoning", "cached", "reasoning_tokens", "cut_call", "model"}
    )
    sampling: Mapping[str, str] = {
        "max_completion_tokens": "max_tokens",
        "temperature": "temperature",
        "top_p": "top_p",
        "stop": "stop",
        "seed": "seed",
    }
    more_fields = ("stream_options",)

    def table(self, url: str) -> dict[str, Any]:
        """Return the TOML table; a local address counts as a compatible server unless told otherwise."""
        return {**super().table(url), "max_tokens_field": "max_completion_tokens"}

    def sampled(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse more stop sequences than four, and stream options without a stream."""
        refuse_unless(len(body.get("stop", ())) <= MOST_STOPS, "more than four stop sequences")
        refuse_unless(body.get("stream") or "stream_options" not in body, "stream_options without stream")
        return super().sampled(body)

    def schema(self, body: Mapping[str, Any]) -> Any:
        """Refuse a strict schema that is not closed."""
        schema = super().schema(body)
        if schema is not None and body["response_format"]["json_schema"]["strict"]:
            refuse_unless(
                schema["additionalProperties"] is False, "strict without additionalProperties: false"
            )
            refuse_unless(
                set(schema["required"]) == set(schema["properties"]), "strict with optional properties"
            )
        return schema

    def media(self, part: Mapping[str, Any]) -> str:
        """Take files, too."""
        if part["type"] != "file":
            return super().media(part)
        only(part["file"], "filename", "file_data")
        return in_base64(part["file"]["file_data"])
