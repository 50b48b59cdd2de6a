"""A run as a tree of text: one line a step, child runs under their steps, safe for a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
from reenact.children import child_id
from reenact.records import Status
from reenact.steps import idempotency_key
from reenact.trace import neutral
from reenact.views import StepView

if TYPE_CHECKING:
    from pytest_reenact.runs import TestRun

MARKS = {
    Status.PENDING: "·",
    Status.RUNNING: "▶",
    Status.WAITING: "◷",
    Status.IN_DOUBT: "?",
    Status.SUCCEEDED: "✓",
    Status.FAILED: "✗",
    Status.CANCELLED: "-",
    Status.DENIED: "⊘",
}
_PROBLEM_CHARS = 200
_LINES_MAX = 200


@attrs.define
class _Node:
    label: str
    step: StepView | None = None
    child: "TestRun | None" = None
    inner: dict[str, "_Node"] = attrs.field(factory=dict)


def draw(run: "TestRun") -> str:
    """Return *run* and its steps, at most 200 lines."""
    lines = [_headline(run), *_lines(_grown(run), "")]
    if len(lines) > _LINES_MAX:
        hidden = len(lines) - _LINES_MAX
        half = _LINES_MAX // 2
        lines = [*lines[:half], f"… {hidden} more", *lines[-half:]]
    return "\n".join(lines)


def _headline(run: "TestRun") -> str:
    failed = f": {_first(f'{type(run.error).__name__}: {run.error}')}" if run.error is not None else ""
    waits = f", waits for {clean(run.waits_for)}" if run.waits_for else ""
    return f"{MARKS[run.status]} {clean(run.record.workflow)} {run.status} (run {run.id}){failed}{waits}"


def _grown(run: "TestRun") -> _Node:
    top = _Node("")
    children = {child.id: child for child in run.children}
    for step in run.view.steps:
        here = top
        for part in step.path.split("/"):
            here = here.inner.setdefault(part, _Node(part))
        here.step = step
        if step.kind == "workflow":
            here.child = children.get(child_id(idempotency_key(run.id, step.path, step.generation)))
            if here.child is not None:
                here.inner |= _grown(here.child).inner
    return top


def _lines(node: _Node, guide: str) -> Iterator[str]:
    inner = list(node.inner.values())
    for number, one in enumerate(inner):
        last = number == len(inner) - 1
        shown = _joined(one)
        yield f"{guide}{'└─' if last else '├─'} {_spelled(shown)}"
        yield from _lines(shown, f"{guide}{'   ' if last else '│  '}")


def _joined(node: _Node) -> _Node:
    """Return a scope that holds one thing only as that thing, under both names."""
    while node.step is None and len(node.inner) == 1:
        (only,) = node.inner.values()
        node = attrs.evolve(only, label=f"{node.label}/{only.label}")
    return node


def _spelled(node: _Node) -> str:
    step = node.step
    if step is None:
        return f"  {clean(node.label)}"
    said = [] if step.kind == "step" else ["child run" if step.kind == "workflow" else step.kind]
    if step.model:
        said.append(clean(step.model, 40))
    if step.site:
        said.append(clean(step.site, 60))
    if step.attempts > 1:
        said.append(f"attempt {step.attempts}")
    if step.failure is not None and step.status is not Status.SUCCEEDED:
        said.append(_first(f"{step.failure.type.rpartition('.')[2]}: {step.failure.message}"))
    return f"{MARKS[step.status]} {clean(node.label)}  {' · '.join(said)}".rstrip()


def _first(text: str) -> str:
    """Return the first line of *text*."""
    return clean(text.partition("\n")[0])


def clean(text: str, most: int = _PROBLEM_CHARS) -> str:
    """Return *text* on one line, controls spelled out, cut after *most* characters."""
    spelled = neutral(text).replace("\t", " ")
    return spelled if len(spelled) <= most else f"{spelled[: most - 1]}…"
