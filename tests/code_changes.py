"""Changes of workflow code, one a row: the code as it was and as it is, and what is said of a run between.

The page on code changes in the docs has the same rows.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Literal

import attrs
from reenact import approve, llm, parallel, patched, sleep, step
from reenact.workflows import Workflow

Word = Literal["goes on", "runs again", "stops", "asks", "in doubt", "refused"]
Site = Callable[[], Awaitable[Any]]

ran: list[str] = []


@step
async def first() -> str:
    ran.append("first")
    return "first"


@step
async def middle() -> str:
    ran.append("middle")
    return "middle"


@step
async def last() -> str:
    ran.append("last")
    return "last"


@step
async def extra() -> str:
    ran.append("extra")
    return "extra"


@step
async def save(text: str) -> str:
    ran.append(f"save {text}")
    return text


def note_of(**options: Any) -> Any:
    """Return a step called ``note``."""

    async def note(text: str) -> str:
        ran.append(f"note {text}")
        return text.upper()

    return step(name="note", **options)(note)


note, note_once, note_tried = note_of(), note_of(effect="once"), note_of(retries=3)


@step(name="note")
async def note_with_option(text: str, loud: bool = False) -> str:
    ran.append(f"note {text}")
    return text


@step(name="note")
async def note_with_other_default(text: str, loud: bool = True) -> str:
    ran.append(f"note {text}")
    return text


@step(name="note")
async def note_as_list(text: str) -> list[str]:
    ran.append(f"note {text}")
    return [text]


@step(name="note")
async def note_with_other_body(text: str) -> str:
    ran.append(f"note {text}")
    return text.lower()


@step(name="renamed")
async def renamed(text: str) -> str:
    ran.append(f"renamed {text}")
    return text.upper()


def seq(*calls: Site) -> Site:
    async def site() -> None:
        for call in calls:
            await call()

    return site


def gathered(*texts: str) -> Site:
    async def site() -> None:
        await asyncio.gather(*(note(text) for text in texts))

    return site


def in_parallel(*texts: str, keyed: bool = False) -> Site:
    async def site() -> None:
        await parallel(note, texts, key=str if keyed else None)

    return site


async def nothing() -> None:
    """Ask for nothing."""


async def patched_in() -> None:
    """Ask for a step, in runs that came here since it is there."""
    if patched("extra"):
        await extra()


async def patched_over() -> None:
    """Ask for another step, in runs that came here since."""
    await (extra() if patched("other") else note("a"))


@attrs.frozen
class Change:
    """A row of the table.

    Attributes:
        what: The row's name.
        old: The place as it was.
        new: The place as it is.
        before: What becomes of a run that stopped later.
        at: Of one that stopped there.
        after: Of one that stopped earlier.
    """

    what: str
    old: Site
    new: Site
    before: Word
    at: Word = attrs.field(default=attrs.Factory(lambda self: self.before, takes_self=True))
    after: Word = "goes on"


NOTE, AS_LIST = partial(note, "a"), partial(note_as_list, "a")
G, P, K = gathered, in_parallel, partial(in_parallel, keyed=True)

CHANGES = [
    Change("a step is added", nothing, extra, "stops"),
    Change("a step is added under `if patched(...)`", nothing, patched_in, "goes on"),
    Change("a step is replaced under `if patched(...)`", NOTE, patched_over, "goes on"),
    Change("the `if patched(...)` around a step is taken away", patched_in, extra, "goes on"),
    Change("a step is added before one of its name", NOTE, seq(partial(note, "new"), NOTE), "runs again"),
    Change("a step is removed", extra, nothing, "stops"),
    Change("a step is renamed", NOTE, partial(renamed, "a"), "stops"),
    Change("two steps change places", seq(NOTE, extra), seq(extra, NOTE), "stops"),
    Change(
        "two steps of one name change places",
        seq(partial(note, "a"), partial(note, "b")),
        seq(partial(note, "b"), partial(note, "a")),
        "runs again",
    ),
    Change("a branch of `if` is taken otherwise", NOTE, partial(save, "a"), "stops"),
    Change("a step's arguments change", NOTE, partial(note, "b"), "runs again"),
    Change("the arguments of a `once` step change", partial(note_once, "a"), partial(note_once, "b"), "asks"),
    Change(
        "a prompt changes", partial(llm, "fake:m", "say a"), partial(llm, "fake:m", "say b"), "runs again"
    ),
    Change("the question to a person changes", partial(approve, "a?"), partial(approve, "b?"), "runs again"),
    Change("a sleep takes longer", partial(sleep, 1), partial(sleep, 60), "goes on"),
    Change("a step gains a parameter with a default", NOTE, partial(note_with_option, "a"), "goes on"),
    Change(
        "a parameter's default changes",
        partial(note_with_option, "a"),
        partial(note_with_other_default, "a"),
        "goes on",
    ),
    Change("a result on record does not fit a step's new type", NOTE, AS_LIST, "stops", "goes on"),
    Change("only a step's body changes", NOTE, partial(note_with_other_body, "a"), "goes on"),
    Change("a step gets a `key`", NOTE, partial(note.keyed("k"), "a"), "stops"),
    Change("a step's effect becomes `once`", NOTE, partial(note_once, "a"), "goes on", "in doubt"),
    Change("so does it, and its arguments change", NOTE, partial(note_once, "b"), "asks"),
    Change("a step's effect becomes `repeatable`", partial(note_once, "a"), NOTE, "goes on"),
    Change("a step's retries change", NOTE, partial(note_tried, "a"), "goes on"),
    Change("`gather` gains a last branch", G("a", "b"), G("a", "b", "c"), "stops", "goes on"),
    Change("`gather` gains a first branch", G("a", "b"), G("c", "a", "b"), "runs again"),
    Change("`gather` loses its last branch", G("a", "b", "c"), G("a", "b"), "stops"),
    Change("`gather` loses its first branch", G("c", "a", "b"), G("a", "b"), "runs again"),
    Change("`gather` has its branches in another order", G("a", "b"), G("b", "a"), "runs again"),
    Change("`parallel` gains a last item", P("a", "b"), P("a", "b", "c"), "stops", "goes on"),
    Change("`parallel` gains a first item", P("a", "b"), P("c", "a", "b"), "runs again"),
    Change("`parallel` loses its last item", P("a", "b", "c"), P("a", "b"), "stops"),
    Change("`parallel` has its items in another order", P("a", "b"), P("b", "a"), "runs again"),
    Change("`parallel` with `key=` gains an item", K("a", "b"), K("c", "a", "b"), "stops", "goes on"),
    Change("`parallel` with `key=` loses an item", K("c", "a", "b"), K("a", "b"), "stops"),
    Change("`parallel` with `key=` has its items in another order", K("a", "b"), K("b", "a"), "goes on"),
]


def around(site: Site, *, version: str = "") -> Workflow[..., Any]:
    """Return a workflow with *site* as the place that changes."""

    async def run_it() -> str:
        await first()
        await site()
        await middle()
        await last()
        return "end"

    return Workflow(run_it, name="code-changes", version=version)


async def with_a(a: str) -> str:
    await first()
    await note(a)
    await middle()
    await last()
    return "end"


async def with_a_and_option(a: str, option: str = "none") -> str:
    return await with_a(a)


async def with_a_and_b(a: str, b: str) -> str:
    return await with_a(a)


async def with_a_number(a: int) -> str:
    return await with_a(str(a))


async def with_another_result(a: str) -> str:
    return f"another {await with_a(a)}"


@attrs.frozen
class Signature:
    """A row of the table about the workflow as a whole.

    Attributes:
        what: The row's name.
        old: The workflow as it was.
        new: The workflow as it is.
        word: What becomes of a run, wherever it stopped.
        ended: Whether a run that has ended agrees with the new code.
    """

    what: str
    old: Workflow[..., Any]
    new: Workflow[..., Any]
    word: Word
    ended: bool
    args: tuple[str, ...] = ("x",)


def flow(fn: Any, version: str = "") -> Workflow[..., Any]:
    return Workflow(fn, name="code-changes", version=version)


A, AO, AB = flow(with_a), flow(with_a_and_option), flow(with_a_and_b)

SIGNATURES = [
    Signature("the workflow's `version=` changes", flow(with_a, "1"), flow(with_a, "2"), "goes on", True),
    Signature("the workflow gains an argument with a default", A, AO, "goes on", True),
    Signature("the workflow gains an argument without one", A, AB, "refused", False),
    Signature("the workflow loses an argument that was at its default", AO, A, "goes on", True),
    Signature("the workflow loses an argument that was given", AB, A, "refused", False, ("x", "y")),
    Signature("the type of an argument does not fit the record", A, flow(with_a_number), "refused", False),
    Signature("the workflow returns something else", A, flow(with_another_result), "goes on", False),
]
