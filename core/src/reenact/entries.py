"""How entries read whose fields follow from a run or a step alone, and what an attempt has used.

Pure: a run or a step, a number and a time in, an entry out. `book` gives out the numbers and the
times, and decides when an entry goes on record.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from reenact.recorded import Taken
from reenact.records import NOTHING, RUN_PATH, Changes, Entry, RunRecord, Status, raw
from reenact.steps import Call, Outcome, Settled, Spent, spell_site

ESTIMATED = "tokens estimated: the vendor did not say what was used"
"""Note of an entry whose attempt gave no result, and whose tokens are an estimate."""


def entry_begun(
    run: RunRecord,
    input_hash: str,
    stored: bytes,
    began_ns: int,
    changes: Changes,
    seq: int,
    provenance: Mapping[str, Any],
) -> Entry:
    """Return the first entry of a run; see `Book.begin`."""
    return Entry(
        seq=seq,
        path=RUN_PATH,
        status=Status.RUNNING,
        at_ns=run.created_ns,
        due_ns=began_ns,
        changes=msgspec.to_builtins(changes) or NOTHING,
        attempt=run.epoch,
        kind="workflow",
        name=run.workflow,
        input_hash=input_hash,
        input=raw(stored),
        owner=run.owner,
        **provenance,
    )


def entry_taken(call: Call, taken: Taken, spelled: msgspec.Raw, seq: int, at_ns: int) -> Entry:
    """Return the entry of a step that takes an outcome of another run."""
    source, intent, waited = taken.outcome, taken.intent, call.spec.kind == "timer"
    return Entry(
        seq=seq,
        path=call.path,
        status=source.status,
        at_ns=at_ns,
        generation=call.generation,
        kind="" if waited else call.spec.kind,
        name="" if waited else call.spec.name,
        input_hash="" if waited else intent.input_hash if intent else call.input_hash,
        hash_keyed=intent.hash_keyed if intent else False,
        input=spelled,
        effect=call.spec.effect if call.spec.effect != "repeatable" else "",
        site=spell_site(call.site),
        decisions=(*intent.decisions, *source.decisions) if intent else tuple(call.decisions),
        output=source.output,
        model=source.model,
        asked=source.asked,
        taken=taken.source,
        due_ns=taken.at_ns,
    )


def entry_again(call: Call, outcome: Outcome, input_hash: str, seq: int, at_ns: int) -> Entry:
    """Return the entry of a step that takes the outcome it had before the run was revised."""
    return Entry(
        seq=seq,
        path=call.path,
        status=outcome.status,
        at_ns=at_ns,
        generation=call.generation,
        kind=call.spec.kind,
        name=call.spec.name,
        input_hash=input_hash,
        hash_keyed=call.hash_keyed,
        site=spell_site(call.site),
        decisions=tuple(call.decisions),
        again=outcome.again,
    )


def entry_cancelled(path: str, reason: str, seq: int, at_ns: int) -> Entry:
    """Return the entry of a request to cancel the run."""
    name = path.partition("#")[0]
    return Entry(
        seq=seq, path=path, status=Status.SUCCEEDED, at_ns=at_ns, kind="signal", name=name, note=reason
    )


def entry_patched(path: str, seq: int, at_ns: int) -> Entry:
    """Return the entry which says that the code has a patch."""
    return Entry(seq=seq, path=path, status=Status.SUCCEEDED, at_ns=at_ns, kind="decision", name="patched")


def used(call: Call, settled: Settled | None, note: str = "") -> dict[str, Any]:
    """Return the fields of an entry that say what an attempt used, whether or not it succeeded."""
    spent: Settled | Spent | None = settled or call.spent
    if spent is None:
        return {"note": note}
    estimated = isinstance(spent, Spent) and spent.estimated
    return {
        "model": spent.model,
        "tokens_in": spent.tokens_in,
        "tokens_out": spent.tokens_out,
        "cost_usd": spent.cost_usd,
        "note": note or (ESTIMATED if estimated else ""),
    }
