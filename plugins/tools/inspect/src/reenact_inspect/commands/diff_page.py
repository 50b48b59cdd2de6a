"""Two runs side by side, as a page."""

from decimal import Decimal

from reenact.records import Failure
from reenact_cli.plugin import cost, duration

from reenact_inspect.commands.page import ADDED, BOLD, DIM, REMOVED, Page, Piece, add_changes
from reenact_inspect.differences import First, How, RunDiff, StepDiff, Totals
from reenact_inspect.journals import Step

DETAIL_ROWS_MAX = 120
"""Rows after which no further step is shown in detail, unless all are asked for."""

SIGNS: dict[How, tuple[str, str]] = {
    "same": ("=", DIM),
    "changed": ("~", "yellow"),
    "moved": ("→", "cyan"),
    "renamed": ("→", "cyan"),
    "added": ("+", ADDED),
    "removed": ("-", REMOVED),
}
_LABEL = 10
_ID_CHARS_MAX = 20
_UNKNOWN = "?"


def diff_page(found: RunDiff, page: Page, *, full: bool = False) -> Page:
    """Put a comparison of two runs on a page.

    Args:
        found: The comparison.
        page: The page.
        full: Show every difference, however many there are.
    """
    _add_head(page, found)
    page.gap()
    if found.first is None:
        page.add(
            ("the runs are the same", BOLD), ": they asked the same, were answered the same, ended the same"
        )
        return page
    _add_first(page, found.first)
    _add_ends(page, found)
    _add_steps(page, found)
    _add_details(page, found, full=full)
    return page


def step_page(step: StepDiff, page: Page) -> Page:
    """Put one step of two runs on a page, whatever became of it."""
    _add_step(page, step)
    if step.how == "same":
        page.add("  the same in both: input, result and how it ended")
    return page


# --- the runs -------------------------------------------------------------------------------------


def _add_head(page: Page, found: RunDiff) -> None:
    a, b, first, second = found.a, found.b, found.a_totals, found.b_totals
    rows = [
        ("", a.id[:_ID_CHARS_MAX], b.id[:_ID_CHARS_MAX], ""),
        ("workflow", _named(a.workflow, a.version), _named(b.workflow, b.version), ""),
        ("status", a.status.value, b.status.value, ""),
        ("steps", _steps(first), _steps(second), _step_change(first, second)),
        ("tokens", _tokens(first), _tokens(second), _token_change(first, second)),
        ("cost", _price(first.cost_usd), _price(second.cost_usd), _cost_change(first, second)),
        ("time", duration(first.took_ns), duration(second.took_ns), _time_change(first, second)),
    ]
    column = min(max(len(cell) for row in rows for cell in row[1:3]) + 2, (page.width - _LABEL) // 3)
    for label, one, other, change in rows:
        style = BOLD if not label else "" if one == other else "yellow"
        page.add(
            (f"{label:<{_LABEL}}", DIM),
            (_cell(one, column), BOLD if not label else ""),
            (_cell(other, column), style),
            (change, DIM),
        )


def _named(workflow: str, version: str) -> str:
    return f"{workflow} v{version}" if version else workflow


def _cell(text: str, width: int) -> str:
    kept = text if len(text) < width else f"{text[: width - 2]}…"
    return f"{kept:<{width}}"


def _steps(totals: Totals) -> str:
    return f"{totals.steps:,}" + (f" + {totals.steps_below:,}" if totals.steps_below else "")


def _step_change(a: Totals, b: Totals) -> str:
    said = [_signed(b.steps - a.steps)]
    if a.steps_below or b.steps_below:
        said += [_signed(b.steps_below - a.steps_below), "in child runs"]
    return " ".join(filter(None, said))


def _signed(number: int) -> str:
    return f"{number:+,}" if number else ""


def _tokens(totals: Totals) -> str:
    return f"{totals.tokens_in:,}→{totals.tokens_out:,}"


def _token_change(a: Totals, b: Totals) -> str:
    read, written = b.tokens_in - a.tokens_in, b.tokens_out - a.tokens_out
    return f"{read:+,}→{written:+,}" if read or written else ""


def _price(amount: Decimal | None) -> str:
    return _UNKNOWN if amount is None else cost(amount) or "$0"


def _cost_change(a: Totals, b: Totals) -> str:
    if a.cost_usd is None or b.cost_usd is None or a.cost_usd == b.cost_usd:
        return ""
    change = b.cost_usd - a.cost_usd
    return f"{'-' if change < 0 else '+'}{cost(abs(change))}"


def _time_change(a: Totals, b: Totals) -> str:
    change = b.took_ns - a.took_ns
    if not change:
        return ""
    return f"{'-' if change < 0 else '+'}{duration(abs(change))}"


# --- where they part ------------------------------------------------------------------------------


def _add_first(page: Page, first: First) -> None:
    page.add(("first difference", BOLD))
    if first.step is not None:
        sign, style = SIGNS[first.step.how]
        page.add("  ", (f"{sign} {first.step.path}", style), ("  " + _about(first.step), DIM))
    sure = "" if first.cause.certain else " (inferred)"
    page.wrapped([first.cause.words, (sure, DIM)], indent=2, hang=2)
    page.gap()


def _about(step: StepDiff) -> str:
    """Return what kind of step it is, and from where it is called, then and now."""
    sites = [one.site for one in (step.a, step.b) if one is not None and one.site]
    called = " → ".join(dict.fromkeys(sites))
    return " · ".join(part for part in (step.there.kind, called) if part)


def _add_ends(page: Page, found: RunDiff) -> None:
    if found.input:
        page.add(("input of the run", BOLD))
        add_changes(page, found.input)
        page.gap()
    before, after = found.failures
    if found.output or _words(before) != _words(after):
        page.add(("result of the run", BOLD))
        add_changes(page, found.output)
        _add_failures(page, before, after, 2)
        page.gap()


def _words(failure: Failure | None) -> str:
    return "" if failure is None else f"{failure.type}: {failure.message}"


def _add_failures(page: Page, a: Failure | None, b: Failure | None, indent: int) -> None:
    if _words(a) == _words(b):
        return
    for sign, failure, style in (("-", a, REMOVED), ("+", b, ADDED)):
        if failure is not None:
            page.wrapped([(f"{sign} failed: {_words(failure)}", style)], indent=indent, hang=2)


# --- the steps ------------------------------------------------------------------------------------


def _add_steps(page: Page, found: RunDiff) -> None:
    counts: dict[str, int] = {}
    for step in found.steps:
        counts[step.how] = counts.get(step.how, 0) + 1
    said = ", ".join(f"{counts[how]:,} {_counted(how)}" for how in SIGNS if how in counts)
    page.add(("steps", BOLD), (f"  {said}", DIM))
    unchanged = 0
    for step in found.steps:
        if step.how == "same":
            unchanged += 1
            continue
        _add_unchanged(page, unchanged)
        unchanged = 0
        _add_row(page, step)
    _add_unchanged(page, unchanged)


def _counted(how: str) -> str:
    return "the same" if how == "same" else how


def _add_unchanged(page: Page, count: int) -> None:
    if count:
        page.add("  ", (f"= {count:,} step{'' if count == 1 else 's'} the same", DIM))


def _add_row(page: Page, step: StepDiff) -> None:
    sign, style = SIGNS[step.how]
    name = step.path
    if step.a is not None and step.b is not None and step.a.path != step.b.path:
        name = f"{step.a.path} → {step.b.path}"
    page.add("  ", (f"{sign} {name}", style), ("  " + _figures(step), DIM))


def _figures(step: StepDiff) -> str:
    sides = [one for one in (step.a, step.b) if one is not None]
    said = [", ".join(step.aspects)] if step.aspects else []
    spelled = [_step_figures(one) for one in sides]
    figures = " → ".join(dict.fromkeys(one for one in spelled if one))
    return "  ".join([*said, figures] if figures else said)


def _step_figures(step: Step) -> str:
    parts = []
    if step.kind == "llm":
        parts.append(f"{step.tokens_in:,}/{step.tokens_out:,} tokens")
        if step.cost_usd:
            parts.append(cost(step.cost_usd))
    parts.append(duration(step.took_ns) if step.ended_at else step.status.value)
    return " ".join(parts)


def _add_details(page: Page, found: RunDiff, *, full: bool) -> None:
    first = found.first.step if found.first is not None else None
    ordered = sorted(found.changed, key=lambda step: step is not first)
    start = len(page.rows)
    for number, step in enumerate(ordered):
        if not (step.input or step.output or step.aspects):
            continue
        if not full and number and len(page.rows) - start > DETAIL_ROWS_MAX:
            left = sum(bool(one.input or one.output or one.aspects) for one in ordered[number:])
            page.gap()
            page.add((f"{left:,} more steps differ; --full shows them, or name one: diff A B PATH", DIM))
            return
        page.gap()
        _add_step(page, step)


def _add_step(page: Page, step: StepDiff) -> None:
    sign, style = SIGNS[step.how]
    page.add((f"{sign} {step.path}", f"{style} bold"), ("  " + _about(step), DIM))
    for label, changes in (("input", step.input), ("result", step.output)):
        if changes:
            page.add("  ", (label, DIM))
            add_changes(page, changes, indent=4)
    _add_aspects(page, step)


def _add_aspects(page: Page, step: StepDiff) -> None:
    a, b = step.a, step.b
    if a is None or b is None:
        return
    pairs: list[tuple[str, str, str]] = []
    if "model" in step.aspects:
        pairs.append(("model", a.model, b.model))
    if "status" in step.aspects:
        pairs.append(("status", a.status.value, b.status.value))
    if "due" in step.aspects:
        spans = [duration(one.intent.due_ns - one.intent.at_ns) for one in (a, b)]
        pairs.append(("waits about", *spans))  # type: ignore[arg-type]  # two of them
    if "policy" in step.aspects:
        pairs.append(("policies", _judged(a), _judged(b)))
    for label, one, other in pairs:
        page.add("  ", (label, DIM))
        page.wrapped([("- ", REMOVED), (one, REMOVED)], indent=4, hang=2)
        page.wrapped([("+ ", ADDED), (other, ADDED)], indent=4, hang=2)
    _add_failures(page, a.failure, b.failure, 2)
    if step.scrubbed:
        note: Piece = ("a policy scrubbed what was asked before it was stored", DIM)
        page.wrapped([note], indent=2)


def _judged(step: Step) -> str:
    from reenact_inspect.differences import verdicts

    said = [
        f"{policy} {verdict} ({reason or stage})"
        for policy, stage, verdict, reason in verdicts(step)
        if verdict != "allow"
    ]
    return ", ".join(said) or "all allowed"
