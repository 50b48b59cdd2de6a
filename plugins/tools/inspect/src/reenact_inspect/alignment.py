"""Which steps of two runs are the same step.

First by place and content, then by content alone (a step that moved), then by place alone
(a step that changed), then by input under another name (a step that was renamed); what is
left was added or removed. Each pass takes the steps in the order of their runs, so that it
does not matter which run is called the first.
"""

import collections
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

import attrs


class Alignable(Protocol):
    """What a step is aligned by."""

    @property
    def path(self) -> str:
        """Where it stands; no other step of the run stands there."""

    @property
    def content(self) -> Hashable:
        """Names what was asked for: kind, name and input."""

    @property
    def substance(self) -> Hashable | None:
        """Names what was asked for under whatever name; None if there is too little to tell."""

    @property
    def kind(self) -> str:
        """What kind of step."""


T = TypeVar("T", bound=Alignable)


@attrs.frozen
class Pair(Generic[T]):
    """The same step in two runs; None where a run does not have it."""

    a: T | None
    b: T | None

    @property
    def moved(self) -> bool:
        """Whether it stands elsewhere in the other run."""
        return self.a is not None and self.b is not None and self.a.path != self.b.path


def align(a: Sequence[T], b: Sequence[T]) -> list[Pair[T]]:
    """Return the steps of two runs in pairs, in an order that fits both.

    Args:
        a: The steps of one run, in order.
        b: Those of the other.
    """
    partner: dict[str, T] = {}
    left_a, left_b = list(a), list(b)
    keys: list[Callable[[T], Hashable | None]] = [
        lambda step: (step.path, step.content),
        lambda step: step.content,
        lambda step: (step.path, step.kind),
        lambda step: step.substance,
    ]
    for key in keys:
        left_a, left_b = _take(left_a, left_b, key, partner)
    return _in_order(a, b, partner)


def _take(
    a: list[T], b: list[T], key: Callable[[T], Hashable | None], partner: dict[str, T]
) -> tuple[list[T], list[T]]:
    """Pair what has the same *key*, first with first; return what is left."""
    waiting: dict[Hashable, collections.deque[T]] = {}
    for step in b:
        name = key(step)
        if name is not None:
            waiting.setdefault(name, collections.deque()).append(step)
    taken: set[str] = set()
    left: list[T] = []
    for step in a:
        name = key(step)
        found = waiting.get(name) if name is not None else None
        if found:
            other = found.popleft()
            partner[step.path] = other
            taken.add(other.path)
        else:
            left.append(step)
    return left, [step for step in b if step.path not in taken]


def _in_order(a: Sequence[T], b: Sequence[T], partner: dict[str, T]) -> list[Pair[T]]:
    """Return all pairs in the order of *b*, what only *a* has after the step that it follows there."""
    other = {step.path: one for one in a if (step := partner.get(one.path)) is not None}
    following: dict[str | None, list[T]] = {}
    last: str | None = None
    for step in a:
        if step.path in partner:
            last = partner[step.path].path
        else:
            following.setdefault(last, []).append(step)
    made: list[Pair[T]] = [Pair(step, None) for step in following.get(None, ())]
    for step in b:
        made.append(Pair(other.get(step.path), step))
        made += [Pair(one, None) for one in following.get(step.path, ())]
    return made
