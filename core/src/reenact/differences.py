"""Two inputs of one step, side by side."""

import difflib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from reenact.content import Blob, blob_references, references, unpack
from reenact.divergence import Inputs
from reenact.errors import DivergenceError
from reenact.records import Entry
from reenact.retrieval import load_blobs
from reenact.steps import Call, spell_site
from reenact.stores import Store

LINES_MAX = 200
SCRUBBED = "(a policy scrubbed the input on record; the code's is not shown beside it)"


@asynccontextmanager
async def showing_inputs(store: Store) -> AsyncIterator[None]:
    """Have a divergence that is raised within this hold both inputs."""
    try:
        yield
    except DivergenceError as error:
        await _add_inputs(store, error)
        raise


async def _add_inputs(store: Store, error: DivergenceError) -> None:
    """Have an error hold both inputs, and their diff if there are two.

    An input that a policy scrubbed is not set beside what the code has, which is not scrubbed:
    the error may go into a log.
    """
    where = vars(error).pop("where", None)
    if not isinstance(where, Inputs):
        return
    if where.intent is not None and where.intent.hash_keyed:
        error.diff = SCRUBBED
        return
    then = await read_input(store, where.intent) if where.intent is not None else None
    now = await spell_now(store, where.call) if where.call is not None else None
    error.inputs = (then, now)
    if where.intent is not None and where.call is not None and then != now:
        error.diff = diff_values(
            then, now, f"on record ({where.intent.site})", f"now ({spell_site(where.call.site)})"
        )


async def spell_now(store: Store, call: Call) -> Any:
    """Return the plain input of a step that is asked for; what is not new in it is read from the store."""
    made: dict[str, Blob] = {}
    data = call.spell(made) if call.spell else b"null"
    known = await load_blobs(store, {name for name in references(data) if name not in made}, store.where)
    inner = {name for blob in made.values() for name in blob_references(blob)} - made.keys()
    known = {**known, **await load_blobs(store, inner - known.keys(), store.where)}
    return unpack(data, {**known, **made})


async def read_input(store: Store, intent: Entry) -> Any:
    """Return the plain input of a step on record."""
    data = bytes(intent.input)
    if not data:
        return None
    return unpack(data, await load_blobs(store, set(references(data)), store.where))


def diff_values(then: Any, now: Any, then_label: str, now_label: str) -> str:
    """Return two plain values as a unified diff of indented JSON."""
    lines = list(
        difflib.unified_diff(
            _lines(then), _lines(now), fromfile=then_label, tofile=now_label, lineterm="", n=2
        )
    )
    if len(lines) > LINES_MAX:
        lines = [*lines[:LINES_MAX], f"... {len(lines) - LINES_MAX} more lines"]
    return "\n".join(lines)


def _lines(value: Any) -> list[str]:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
