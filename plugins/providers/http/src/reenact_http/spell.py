"""Small things that several vendors' requests have in common."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
from reenact.codec import canonical
from reenact.llm import LlmRequest, Part, ToolSpec

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ANSWER_TOOL = "give_answer"


class UnsendableError(ValueError):
    """The vendor's format has no place for something in the request; the text quotes nothing."""


def set_only(**fields: Any) -> dict[str, Any]:
    """Return the fields that are set: vendors refuse a default of ours."""
    return {name: value for name, value in fields.items() if value is not None}


def merged(body: Mapping[str, Any], options: Mapping[str, Any], fixed: Iterable[str]) -> dict[str, Any]:
    """Return *body* with the caller's vendor options in it, tables merged.

    Raises:
        UnsendableError: If one of them is of the fields in *fixed*, which are the provider's.
    """
    taken = sorted(set(fixed) & set(options))
    if taken:
        raise UnsendableError(f"the option {taken[0]!r} is not the caller's to set")
    return _merged(body, options)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        both[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both


def argument_text(part: Part) -> str:
    """Return a tool call's arguments as JSON text; the model's own text if it was no JSON."""
    if part.arguments is None:
        return part.raw_arguments or "{}"
    return canonical(dict(part.arguments)).decode()


def argument_object(part: Part) -> dict[str, Any]:
    """Return a tool call's arguments as an object, for vendors that take nothing else."""
    if part.arguments is None:
        return {"text": part.raw_arguments} if part.raw_arguments else {}
    return dict(part.arguments)


def data_url(part: Part) -> str:
    """Return where an image or document is: its address, or its bytes as an address.

    Raises:
        UnsendableError: If it is neither here nor anywhere.
    """
    if part.url:
        return part.url
    if not part.data or not part.media_type:
        raise UnsendableError(
            f"a part of type {part.type!r} has neither an address nor data with a media type"
        )
    return f"data:{part.media_type};base64,{part.data}"


def document_text(part: Part) -> str:
    """Return a document's text as a model is shown it where the vendor has no place for documents.

    Raises:
        UnsendableError: If the document is no text.
    """
    if part.data or part.url or not part.text:
        raise UnsendableError("the vendor takes documents as text only")
    return f"Document {part.title!r}:\n{part.text}" if part.title else f"Document:\n{part.text}"


def id_mapper(legal: str, chars: int) -> Callable[[str], str]:
    """Return what turns ids of calls into legal ones: the same id always into the same.

    Args:
        legal: A regular expression that legal ids match; they stay as they are.
        chars: How long the ones are that take the place of others.
    """
    pattern = re.compile(legal, re.ASCII)

    def legal_id(id: str) -> str:  # noqa: A002  # it is one
        if pattern.fullmatch(id):
            return id
        number = int.from_bytes(hashlib.sha256(id.encode("utf-8", "surrogatepass")).digest())
        return "".join(_ALPHABET[number // 62**place % 62] for place in range(chars))

    return legal_id


def with_answer_tool(request: LlmRequest) -> tuple[LlmRequest, str]:
    """Return a request that asks for structured output by a tool call, and the tool's name.

    For vendors and models that take no schema. With tools of the caller's own the model may
    call those first, but has to call one; where the caller wants none of them called, they are
    left out.
    """
    if request.output_schema is None:
        return request, ""
    taken = {tool.name for tool in request.tools}
    wanted = re.sub(r"[^a-zA-Z0-9_-]", "_", request.output_name)[:60] or ANSWER_TOOL
    name = next(name for number in range(len(taken) + 1) if (name := wanted + "_" * number) not in taken)
    tool = ToolSpec(name=name, description="Give the answer.", parameters=request.output_schema)
    own = () if request.tool_choice == "none" else request.tools
    choice = request.tool_choice if request.tool_choice in taken else "required" if own else name
    return attrs.evolve(request, tools=(*own, tool), tool_choice=choice, output_schema=None), name


def schema_name(request: LlmRequest) -> str:
    """Return a name for the schema that every vendor takes."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", request.output_name)[:64] or "answer"


def own_reasoning(part: Part, provider: str) -> str:
    """Return the text of reasoning that *provider* wants back; nothing of another vendor's."""
    return part.text if part.type == "reasoning" and provider in part.opaque else ""


def system_text(request: LlmRequest) -> str:
    """Return what the system says, for vendors that take it apart from the conversation."""
    return "\n\n".join(
        message.text for message in request.messages if message.role == "system" and message.text
    )


def turns(
    request: LlmRequest, spell: Callable[[Part], dict[str, Any] | None]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the conversation as turns of ``user`` and ``assistant`` that alternate.

    What tools say is the user's; a turn's results come before its texts, and all results of
    parallel calls are in one turn.

    Args:
        request: What is asked.
        spell: Spells a part, or leaves it out.
    """
    found: list[tuple[str, list[dict[str, Any]]]] = []
    for role, parts in _merged_turns(request):
        pieces = [piece for part in parts if (piece := spell(part))]
        if found and found[-1][0] == role:  # what stood between has nothing to say
            found[-1][1].extend(pieces)
        elif pieces:
            found.append((role, pieces))
    return found


def _merged_turns(request: LlmRequest) -> list[tuple[str, list[Part]]]:
    found: list[tuple[str, list[Part]]] = []
    for message in request.messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if not found or found[-1][0] != role:
            found.append((role, []))
        found[-1][1].extend(message.parts)
    return [(role, sorted(parts, key=lambda part: part.type != "tool_result")) for role, parts in found]
