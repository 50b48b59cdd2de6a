"""Comparisons as JSON."""

from typing import Any

import msgspec
from reenact.records import Failure, RunRecord
from reenact.trace import iso_time

from reenact_inspect.differences import First, RunDiff, StepDiff, Totals
from reenact_inspect.journals import Step, input_of
from reenact_inspect.values import Change


def diff_json(found: RunDiff) -> dict[str, Any]:
    """Return a comparison of two runs as ``--json`` shows it."""
    return {
        "same": found.same,
        "a": run_json(found.a) | totals_json(found.a_totals),
        "b": run_json(found.b) | totals_json(found.b_totals),
        "first": _first_json(found.first) if found.first is not None else None,
        "input": [change_json(one) for one in found.input],
        "output": [change_json(one) for one in found.output],
        "failures": [failure_json(one) for one in found.failures],
        "steps": [step_diff_json(one) for one in found.steps],
    }


def run_json(record: RunRecord) -> dict[str, Any]:
    """Return what tells runs apart."""
    return {
        "id": record.id,
        "workflow": record.workflow,
        "version": record.version,
        "status": record.status.value,
        "created_at": iso_time(record.created_ns),
    }


def totals_json(totals: Totals) -> dict[str, Any]:
    """Return what a run took."""
    return {
        "steps": totals.steps,
        "tokens_in": totals.tokens_in,
        "tokens_out": totals.tokens_out,
        "cost_usd": None if totals.cost_usd is None else str(totals.cost_usd),
        "took_ns": totals.took_ns,
    }


def _first_json(first: First) -> dict[str, Any]:
    return {
        "path": first.step.path if first.step is not None else None,
        "cause": first.cause.kind,
        "words": first.cause.words,
        "certain": first.cause.certain,
    }


def step_diff_json(step: StepDiff) -> dict[str, Any]:
    """Return one step in two runs."""
    made: dict[str, Any] = {"how": step.how, "path": step.path}
    made |= {"a": _side_json(step.a), "b": _side_json(step.b)}
    if step.how == "same":
        return made
    return made | {
        "aspects": list(step.aspects),
        "scrubbed": step.scrubbed,
        "input": [change_json(one) for one in step.input],
        "output": [change_json(one) for one in step.output],
    }


def _side_json(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {
        "run_id": step.run_id,
        "path": step.path,
        "kind": step.kind,
        "status": step.status.value,
        "site": step.site,
        "attempts": step.attempts,
        "model": step.model or None,
        "tokens_in": step.tokens_in,
        "tokens_out": step.tokens_out,
        "cost_usd": None if step.cost_usd is None else str(step.cost_usd),
        "took_ns": step.took_ns,
        "reused": step.reused,
        "failure": failure_json(step.failure),
    }


def failure_json(failure: Failure | None) -> Any:
    """Return an exception on record."""
    return None if failure is None else msgspec.to_builtins(failure)


def change_json(change: Change) -> dict[str, Any]:
    """Return one place in which two values differ; texts as a diff of lines, too."""
    made: dict[str, Any] = {"at": change.at, "how": change.how}
    if change.how != "added":
        made["a"] = change.a
    if change.how != "removed":
        made["b"] = change.b
    if change.unified:
        made["text"] = change.unified
    return made


def bare(step: Step) -> bool:
    """Say whether a step has no input to speak of."""
    return len(input_of(step)) <= len(b"{}")
