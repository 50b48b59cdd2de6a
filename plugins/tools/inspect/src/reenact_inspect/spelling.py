"""Comparisons as JSON."""

from typing import Any

import attrs
import msgspec
from reenact.errors import Asked
from reenact.records import Failure, RunRecord
from reenact.trace import iso_time

from reenact_inspect.backtests import BacktestReport
from reenact_inspect.checks import Checked, CheckReport
from reenact_inspect.differences import First, RunDiff, StepDiff, Totals
from reenact_inspect.journals import Step
from reenact_inspect.reasons import Reason, Why
from reenact_inspect.talk import asked
from reenact_inspect.tally import Example, PolicyReport
from reenact_inspect.values import Change, diff_values


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
        "steps_below": totals.steps_below,
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


# --- check ----------------------------------------------------------------------------------------


def check_json(report: CheckReport) -> dict[str, Any]:
    """Return what became of the runs that were checked as ``--json`` shows it."""
    return {
        "agrees": report.agrees,
        "counts": {
            verdict: len(report.with_verdict(verdict)) for verdict in ("agrees", "diverges", "unchecked")
        },
        "took_ns": report.took_ns,
        "runs": [_checked_json(one) for one in report.runs],
    }


def _checked_json(one: Checked) -> dict[str, Any]:
    made: dict[str, Any] = {"run": run_json(one.run), "verdict": one.verdict}
    if one.problem:
        made["problem"] = one.problem
    error = one.divergence
    if error is None:
        return made
    then, now = error.then, error.now
    changes = []
    if then is not None and now is not None and not then.scrubbed:
        changes = diff_values(asked(then.kind, error.inputs[0]), asked(now.kind, error.inputs[1]))
    return made | {
        "path": error.path,
        "then": _asked_json(then),
        "now": _asked_json(now),
        "input": [change_json(change) for change in changes],
    }


def _asked_json(side: Asked | None) -> dict[str, Any] | None:
    return None if side is None else attrs.asdict(side)


# --- why ------------------------------------------------------------------------------------------


def why_json(found: Why) -> dict[str, Any]:
    """Return what led to a step as ``--json`` shows it."""
    return {
        "run": run_json(found.run),
        "path": found.path,
        "since": found.since,
        "origin": found.origin or None,
        "origin_missing": found.missing,
        "input": [change_json(change) for change in found.input],
        "reasons": [_reason_json(one) for one in found.reasons],
    }


def _reason_json(reason: Reason) -> dict[str, Any]:
    step = reason.step
    made: dict[str, Any] = {
        "path": reason.path,
        "kind": step.kind if step is not None else None,
        "status": step.status.value if step is not None else None,
        "site": step.site if step is not None else None,
        "links": [attrs.asdict(link) for link in reason.links],
        "before": reason.before,
        "silent": list(reason.silent),
    }
    if reason.since is not None:
        made["changed"] = step_diff_json(reason.since)
    if reason.revisions:
        made["revisions"] = reason.revisions
        made["revised"] = [change_json(change) for change in reason.revised]
    return made


# --- back-tests -------------------------------------------------------------------------------------


def backtest_json(report: BacktestReport) -> dict[str, Any]:
    """Return what policies would have done as ``--json`` shows it."""
    return {
        "runs": report.runs,
        "calls": report.calls,
        "as": "recorded",  # as the policies of then left them
        "unread": [{"run_id": run_id, "problem": problem} for run_id, problem in report.unread.items()],
        "policies": [_policy_json(one) for one in report.policies],
    }


def _policy_json(one: PolicyReport) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "calls": one.calls,
        "denied": one.denied,
        "changed": one.changed,
        "delayed": one.delayed,
        "errors": one.errors,
        "share_denied": round(one.share(one.denied), 6),
        "share_changed": round(one.share(one.changed), 6),
        "stages": {stage: attrs.asdict(counts) for stage, counts in one.stages.items()},
        "reasons": one.reasons,
        "first_denied": _example_json(one.first_denied) if one.first_denied is not None else None,
        "examples": [_example_json(example) for example in one.examples],
    }


def _example_json(one: Example) -> dict[str, Any]:
    made = attrs.asdict(one)
    return made | {"at": iso_time(made.pop("at_ns"))}
