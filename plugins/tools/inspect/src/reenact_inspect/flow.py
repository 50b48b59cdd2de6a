"""What of earlier outcomes is found in an input.

Nothing on record says which outcome a workflow used for what: it is ordinary code. What is
certain is the order: only what had come in before a step was asked for can have led to it.
Where an outcome stands in the input, it is likely that it was put there, and that is what
is looked for, the strongest trace first:

- the input goes on with a conversation, which is seen from its hash;
- a model's answer asks for the tool with these arguments;
- a text of the outcome stands in a text of the input, in whole, cut short, or in lines;
- a value of the outcome is a value of the input.

A text that stands inside of another one that was found says nothing of its own: it came with
that one.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs
from reenact.codec import canonical, digest
from reenact.content import EMPTY_CHAIN, fold

Trace: TypeAlias = Literal["conversation", "call", "text", "part", "lines", "value"]

TEXT_CHARS_LEAST = 8
"""Texts that are shorter are only looked for as whole values: they stand in many texts by chance."""

ANCHOR_CHARS = 32
"""As much of a long text's beginning or end has to stand in the input, if it was cut short."""

LINE_CHARS_LEAST = 16
VALUE_CHARS_LEAST = 2
NUMBER_LEAST = 10
"""Numbers below are everywhere."""

FRAGMENTS_MAX = 2_000
"""Pieces of one outcome that are looked for."""

_NOT_LOOKED_AT = frozenset({"model", "tools", "output_schema", "output_name", "tool_choice"})


@attrs.frozen(kw_only=True)
class Outcome:
    """An earlier outcome, or an input that was given: something that may be found.

    Attributes:
        path: The step it came from; empty for the input of the run.
        kind: What kind of step; ``input`` for an input.
        value: It, plain.
        chain: For a model's answer, the name of the conversation that ends with it.
    """

    path: str
    kind: str
    value: Any
    chain: str = ""


@attrs.frozen(kw_only=True)
class Link:
    """An outcome that was found in an input.

    Attributes:
        path: The step whose outcome it is; empty for the input of the run.
        trace: How it was found.
        at: Where in the input, such as ``$.messages[1]``.
        exact: Whether it is told by hash or by the rules of the tool loop; otherwise it is only
            likely, since the same text may have come from elsewhere.
        sample: The text or value that was found, shortened.
        chars: How many characters of the input it makes up.
        also: Other steps whose outcome holds the same; the latest one before is taken.
    """

    path: str
    trace: Trace
    at: str
    exact: bool = False
    sample: str = ""
    chars: int = 0
    also: Sequence[str] = ()


def find_links(kind: str, name: str, value: Any, outcomes: Sequence[Outcome]) -> list[Link]:
    """Return the outcomes that are found in an input, the first place of each, the clearest first.

    Args:
        kind: What kind of step has the input.
        name: The step's name.
        value: The input, plain.
        outcomes: What had come in before, in order.
    """
    links: list[Link] = []
    skip = 0
    if kind == "llm":
        talk, skip = _conversation(value, outcomes)
        links += talk
    if kind == "tool":
        links += _call(name, value, outcomes)
    known = {link.path for link in links}
    leaves = list(_leaves(value, "$", skip))
    found = _found(leaves, [one for one in outcomes if one.path not in known])
    return [*links, *found]


# --- by hash, and by the rules of the tool loop ---------------------------------------------------


def _conversation(value: Any, outcomes: Sequence[Outcome]) -> tuple[list[Link], int]:
    """Return the answer that this request goes on from, and how many messages that covers."""
    messages = value.get("messages", ()) if isinstance(value, dict) else ()
    by_chain = {one.chain: one for one in outcomes if one.chain}
    name = EMPTY_CHAIN
    best: tuple[Outcome, int] | None = None
    for count, message in enumerate(messages, 1):
        name = fold(name, digest(canonical(message)))
        if name in by_chain:
            best = by_chain[name], count
    if best is None:
        return [], 0
    outcome, covered = best
    at = f"$.messages[0..{covered - 1}]"
    return [Link(path=outcome.path, trace="conversation", at=at, exact=True)], covered


def _call(name: str, value: Any, outcomes: Sequence[Outcome]) -> list[Link]:
    """Return the answer that asked for this tool with these arguments."""
    for one in reversed(outcomes):
        for part in _parts(one.value):
            if part.get("type") == "tool_call" and part.get("name") == name and _fits(value, part):
                sample = shortened(json.dumps(value, ensure_ascii=False))
                return [Link(path=one.path, trace="call", at="$", exact=True, sample=sample)]
    return []


def _fits(value: Any, part: Mapping[str, Any]) -> bool:
    """Say whether a tool's input is what a call asks for; arguments at their default are left out of it."""
    asked = part.get("arguments")
    if not isinstance(asked, dict) or not isinstance(value, dict):
        return False
    return all(key in asked and canonical(asked[key]) == canonical(item) for key, item in value.items())


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    message = value.get("message") if isinstance(value, dict) else None
    parts = message.get("parts", ()) if isinstance(message, dict) else ()
    yield from (part for part in parts if isinstance(part, dict))


# --- by content -----------------------------------------------------------------------------------


@attrs.define
class _Leaf:
    """A text or value in an input, and which parts of it were accounted for."""

    at: str
    value: Any
    covered: list[tuple[int, int]] = attrs.field(factory=list)

    def take(self, text: str) -> bool:
        """Account for the first place where *text* stands and nothing else was found; say if there is one."""
        start = self.value.find(text)
        while start >= 0:
            end = start + len(text)
            if not any(first < end and start < last for first, last in self.covered):
                self.covered.append((start, end))
                return True
            start = self.value.find(text, start + 1)
        return False


def _leaves(value: Any, at: str, skip: int = 0) -> Iterator[_Leaf]:
    """Yield the texts and values in an input; of a conversation without its first *skip* messages."""
    if isinstance(value, dict):
        for key, item in value.items():
            if at == "$" and key in _NOT_LOOKED_AT and "messages" in value:
                continue
            place = f"{at}.{key}" if key.isidentifier() else f"{at}[{canonical(key).decode()}]"
            if at == "$" and key == "messages" and isinstance(item, list):
                for number in range(skip, len(item)):
                    yield from _leaves(item[number], f"{place}[{number}]")
            else:
                yield from _leaves(item, place)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{at}[{number}]")
    else:
        yield _Leaf(at, value)


def _found(leaves: Sequence[_Leaf], outcomes: Sequence[Outcome]) -> list[Link]:
    """Look for what outcomes hold, long texts before short ones, late outcomes before early ones."""
    holders: dict[str | int | float, list[str]] = {}
    for one in outcomes:
        for fragment in _fragments(one):
            paths = holders.setdefault(fragment, [])
            if not paths or paths[-1] != one.path:
                paths.append(one.path)
    links: dict[str, Link] = {}
    texts = [leaf for leaf in leaves if isinstance(leaf.value, str)]
    ordered = sorted((one for one in holders if isinstance(one, str)), key=len, reverse=True)
    for text in ordered:
        _add(links, _find_text(text, texts, len(holders[text])), holders[text])
    for number in (one for one in holders if not isinstance(one, str)):
        _add(links, _find_number(number, leaves), holders[number])
    for one in outcomes:
        if one.path not in links:
            _add(links, _find_part(one, texts) or _find_lines(one, texts), [one.path])
    order = {one.path: number for number, one in enumerate(outcomes)}
    return sorted(links.values(), key=lambda link: order[link.path], reverse=True)


def _add(links: dict[str, Link], found: Sequence[Link], holders: Sequence[str]) -> None:
    """Note places where something stands that *holders* hold.

    As many of these as there are places, the latest ones, in their order. That others hold the
    same is noted.
    """
    chosen = holders[-len(found) :] if found else ()
    others = tuple(path for path in holders if path not in chosen)
    for path, link in zip(chosen, found, strict=False):
        known = links.get(path)
        if known is None:
            links[path] = attrs.evolve(link, path=path, also=others)
        else:
            links[path] = attrs.evolve(known, chars=known.chars + link.chars)


def _find_text(text: str, leaves: Sequence[_Leaf], most: int) -> list[Link]:
    """Return up to *most* places where a text stands, and nothing longer was found."""
    trace: Trace = "text" if len(text) >= TEXT_CHARS_LEAST else "value"
    found: list[Link] = []
    for leaf in leaves:
        while len(found) < most and (trace == "text" or leaf.value == text) and leaf.take(text):
            found.append(Link(path="", trace=trace, at=leaf.at, sample=shortened(text), chars=len(text)))
    return found


def _find_number(number: float, leaves: Sequence[_Leaf]) -> list[Link]:
    for leaf in leaves:
        if type(leaf.value) is type(number) and leaf.value == number:
            return [Link(path="", trace="value", at=leaf.at, sample=str(number))]
    return []


def _find_part(one: Outcome, leaves: Sequence[_Leaf]) -> list[Link]:
    """Find the beginning or the end of a long text, which code likes to cut."""
    for text in _texts(one):
        if len(text) < 2 * ANCHOR_CHARS:
            continue
        for leaf in leaves:
            part = _beginning(text, leaf.value) or _ending(text, leaf.value)
            if part and leaf.take(part):
                return [Link(path="", trace="part", at=leaf.at, sample=shortened(part), chars=len(part))]
    return []


def _beginning(text: str, within: str) -> str:
    """Return as much of the beginning of *text* as stands in *within* where its anchor first does."""
    start = within.find(text[:ANCHOR_CHARS])
    if start < 0:
        return ""
    count = ANCHOR_CHARS
    while count < len(text) and start + count < len(within) and text[count] == within[start + count]:
        count += 1
    return text[:count]


def _ending(text: str, within: str) -> str:
    """Return as much of the end of *text* as stands in *within* where its anchor first does."""
    start = within.find(text[-ANCHOR_CHARS:])
    if start < 0:
        return ""
    count = ANCHOR_CHARS
    while count < len(text) and start > 0 and text[-count - 1] == within[start - 1]:
        count, start = count + 1, start - 1
    return text[-count:]


def _find_lines(one: Outcome, leaves: Sequence[_Leaf]) -> list[Link]:
    """Find single lines of an outcome whose texts are nowhere in whole."""
    stripped = (line.strip() for text in _texts(one) for line in text.split("\n"))
    lines = sorted({line for line in stripped if len(line) >= LINE_CHARS_LEAST}, key=len, reverse=True)
    for leaf in leaves:
        taken = [line for line in lines[:FRAGMENTS_MAX] if leaf.take(line)]
        if taken:
            chars = sum(map(len, taken))
            return [Link(path="", trace="lines", at=leaf.at, sample=shortened(taken[0]), chars=chars)]
    return []


def _fragments(one: Outcome) -> Iterable[str | int | float]:
    """Return what an outcome may be told by: its texts and values, each once."""
    found: dict[str | int | float, None] = {}
    for value in _values(one):
        if isinstance(value, str):
            text = value.strip()
            if len(text) >= VALUE_CHARS_LEAST:
                found[text] = None
        elif _is_telling(value):
            found[value] = None
        if len(found) >= FRAGMENTS_MAX:
            break
    return found


def _is_telling(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) >= NUMBER_LEAST or (isinstance(value, float) and not value.is_integer())


def _values(one: Outcome) -> Iterator[Any]:
    """Yield what an outcome holds: of a model's answer its text, and the values in it if that is JSON."""
    if one.kind != "llm":
        yield from (leaf.value for leaf in _leaves(one.value, "$"))
        return
    for part in _parts(one.value):
        if part.get("type") == "text":
            text = str(part.get("text", ""))
            yield text
            yield from (leaf.value for leaf in _leaves(_as_json(text), "$"))
        elif part.get("type") == "tool_call":
            yield from (leaf.value for leaf in _leaves(part.get("arguments"), "$"))


def _texts(one: Outcome) -> Iterator[str]:
    yield from (value for value in _values(one) if isinstance(value, str))


def _as_json(text: str) -> Any:
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.partition("\n")[2].rpartition("```")[0]
    if not bare.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(bare)
    except (ValueError, RecursionError):
        return None


def shortened(text: str, most: int = 60) -> str:
    """Return a text on one line, cut after *most* characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
