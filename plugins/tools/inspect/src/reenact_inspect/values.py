"""Two plain values side by side: where in them they differ.

Objects are compared key by key, lists by aligning what is the same in both, so that an item
which was inserted is one difference and not as many as there are items after it. Texts are
compared as texts.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

import attrs
from reenact.codec import canonical

from reenact_inspect.texts import Line, diff_texts, opcodes, unified

How: TypeAlias = Literal["changed", "added", "removed"]


@attrs.frozen(kw_only=True)
class Change:
    """One place in which two values differ.

    Attributes:
        at: Where, such as ``$.messages[1].parts[0].text``; positions are those of the second
            value, of what was removed those of the first.
        how: Whether it is another, or only one of them has it.
        a: What the first has there; None if nothing.
        b: What the second has there; None if nothing.
    """

    at: str
    how: How = "changed"
    a: Any = None
    b: Any = None

    @property
    def lines(self) -> list[Line]:
        """The difference as one of texts; none if they are no texts, or only one is there."""
        if self.how == "changed" and isinstance(self.a, str) and isinstance(self.b, str):
            return diff_texts(self.a, self.b)
        return []

    @property
    def unified(self) -> str:
        """The difference of two texts as text; empty if they are no texts."""
        return unified(self.lines)


def diff_values(a: Any, b: Any, at: str = "$") -> list[Change]:
    """Return the places in which two plain values differ, in order; none if they are the same.

    Args:
        a: The first.
        b: The second.
        at: What to call the whole.
    """
    return list(_changes(a, b, at))


def same(a: Any, b: Any) -> bool:
    """Say whether two plain values are spelled the same; 1 and 1.0 and true are not."""
    return a is b or canonical(a) == canonical(b)


def _changes(a: Any, b: Any, at: str) -> Iterator[Change]:
    if isinstance(a, dict) and isinstance(b, dict):
        yield from _objects(a, b, at)
    elif isinstance(a, list) and isinstance(b, list):
        yield from _lists(a, b, at)
    elif not same(a, b):
        yield Change(at=at, a=a, b=b)


def _objects(a: dict[str, Any], b: dict[str, Any], at: str) -> Iterator[Change]:
    for key in sorted(a.keys() | b.keys()):
        place = f"{at}.{key}" if key.isidentifier() else f"{at}[{canonical(key).decode()}]"
        if key not in b:
            yield Change(at=place, how="removed", a=a[key])
        elif key not in a:
            yield Change(at=place, how="added", b=b[key])
        else:
            yield from _changes(a[key], b[key], place)


def _lists(a: Sequence[Any], b: Sequence[Any], at: str) -> Iterator[Change]:
    spelled_a = [canonical(item).decode() for item in a]
    spelled_b = [canonical(item).decode() for item in b]
    for op, i1, i2, j1, j2 in opcodes(spelled_a, spelled_b):
        if op == "equal":
            continue
        both = min(i2 - i1, j2 - j1)
        for step in range(both):
            yield from _changes(a[i1 + step], b[j1 + step], f"{at}[{j1 + step}]")
        for i in range(i1 + both, i2):
            yield Change(at=f"{at}[{i}]", how="removed", a=a[i])
        for j in range(j1 + both, j2):
            yield Change(at=f"{at}[{j}]", how="added", b=b[j])
