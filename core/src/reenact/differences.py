"""Two inputs of one step, side by side."""

import difflib
import json
from typing import Any

from reenact.content import Blob, references, unpack
from reenact.divergence import Inputs
from reenact.history import load_blobs
from reenact.records import Entry
from reenact.seams import Store
from reenact.steps import spell_site

LINES_MAX = 200


async def diff_inputs(store: Store, inputs: Inputs) -> str:
    """Return both inputs of a step that has changed, as a unified diff of indented JSON."""
    made: dict[str, Blob] = {}
    call = inputs.call
    now_data = call.spell(made) if call.spell else b"null"
    names = {name for name in references(now_data) if name not in made}
    known = await load_blobs(store, names, store.where) if names else {}
    now = unpack(now_data, {**known, **made})
    then = await read_input(store, inputs.intent)
    return diff_values(then, now, f"on record ({inputs.intent.site})", f"now ({spell_site(call.site)})")


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
