"""What led to a step, as a page: the step and what it was made of, then those the same way.

A chain may be long and its steps may share what led to them, so each step has its place once,
the nearest first, and is not drawn as a branch of every other.
"""

from collections.abc import Sequence

from reenact_inspect.commands.page import BOLD, DIM, Page, Piece, add_changes, place
from reenact_inspect.flow import Link
from reenact_inspect.reasons import Reason, Why

REASONS_MAX = 12
SILENT_MAX = 6
CHANGES_MAX = 5
ALSO_MAX = 3

_TRACES = {
    "conversation": "goes on from its answer",
    "call": "its answer asks for this call",
    "text": "text",
    "part": "part",
    "lines": "lines",
    "value": "value",
}
_SINCE = {
    "fork": "since run {}, which this one is a fork of",
    "rerun": "since run {}, which this one is a re-run of",
    "revision": "since it was asked for the time before, in this run",
}


def why_page(found: Why, page: Page, *, full: bool = False) -> Page:
    """Put what led to a step on a page.

    Args:
        found: What led to it.
        page: The page.
        full: Name everything that came in before, and show every change.
    """
    top = found.reasons[0]
    shown = found.reasons if full else found.reasons[:REASONS_MAX]
    column = _column(shown, page.width)
    for reason in shown:
        _add_reason(page, found, reason, column)
    if len(shown) < len(found.reasons):
        page.gap()
        page.add((f"{len(found.reasons) - len(shown):,} more steps led to these; --full shows them", DIM))
    page.gap()
    _add_certainty(page, top, full=full)
    _add_changes(page, found, full=full)
    return page


def _name(found: Why, path: str) -> str:
    if path:
        return path
    return f"what run {found.run.id} returned"


def _about(reason: Reason) -> str:
    step = reason.step
    if step is None:
        return ""
    return " · ".join(part for part in (step.kind, step.site, step.status.value) if part)


def _column(reasons: Sequence[Reason], width: int) -> int:
    """Return how wide the names of sources are shown."""
    longest = max((len(_source(one, link)) for one in reasons for link in one.links), default=0)
    return min(longest, width // 2)


def _add_reason(page: Page, found: Why, reason: Reason, column: int) -> None:
    """Add a step and what its input is made of."""
    page.gap()
    mark: list[Piece | str] = [("  changed", "yellow")] if reason.has_changed else []
    page.add((_name(found, reason.path), BOLD), *mark, ("  " + _about(reason), DIM))
    for link in reason.links:
        page.add(("  ← ", DIM), f"{_source(reason, link):<{column}}", ("  " + _how(link), DIM))
        if link.also:
            more = f" and {len(link.also) - ALSO_MAX} more" if len(link.also) > ALSO_MAX else ""
            page.add((f"    {'':<{column}}  or {', '.join(link.also[-ALSO_MAX:])}{more}", DIM))
    if not reason.links:
        page.add(("  no earlier outcome is found in it", DIM))


def _source(reason: Reason, link: Link) -> str:
    if not link.path:
        return "input of the run"
    if reason.path.startswith(f"{link.path}/") and link.trace not in ("call", "conversation"):
        return f"input of {link.path}"
    return link.path


def _how(link: Link) -> str:
    where = "" if link.at == "$" else f" in {place(link.at)}"
    if link.exact:
        return f"{_TRACES[link.trace]}{where}"
    size = f" ({link.chars:,} characters)" if link.chars > len(link.sample) else ""
    return f"{_TRACES[link.trace]}{where}{size}: {link.sample}"


def _add_certainty(page: Page, top: Reason, *, full: bool) -> None:
    count = f"{top.before:,} outcome{'' if top.before == 1 else 's'}"
    what = "came in before it was asked for" if top.step is not None else "came in"
    page.wrapped([("certain   ", DIM), f"{count} {what}: nothing else can have led to it"], hang=10)
    told = "by hash, or as the tool loop has it" if all(link.exact for link in top.links) else "by content"
    if top.links:
        page.wrapped([("inferred  ", DIM), f"what it is made of, as shown above: found {told}"], hang=10)
    else:
        page.wrapped([("inferred  ", DIM), "nothing: no earlier outcome is found in it"], hang=10)
    if top.silent:
        named = list(top.silent if full else top.silent[:SILENT_MAX])
        more = f" and {len(top.silent) - len(named):,} more" if len(top.silent) > len(named) else ""
        listed = ", ".join(named)
        said = f"{listed}{more}: not found in it; each may have decided that it was asked for"
        page.wrapped([("open      ", DIM), said], hang=10)


def _add_changes(page: Page, found: Why, *, full: bool) -> None:
    if found.since is None:
        return
    page.gap()
    page.add((_SINCE[found.since].format(found.origin), BOLD))
    if found.missing:
        page.add("  that run is not in this journal, so what has changed is not known")
        return
    if found.input:
        page.add(("  ~ input of the run", "yellow"))
        add_changes(page, found.input, indent=4)
    changed = found.changed
    if not changed and not found.input:
        page.add("  nothing that led to it has changed")
    for reason in changed if full else changed[:CHANGES_MAX]:
        _add_change(page, reason)
    if not full and len(changed) > CHANGES_MAX:
        page.add((f"  {len(changed) - CHANGES_MAX:,} more have changed; --full shows them", DIM))


def _add_change(page: Page, reason: Reason) -> None:
    since = reason.since
    if since is not None and since.how != "same":
        page.add((f"  ~ {reason.path}", "yellow"), (f"  {since.how}", DIM))
        _add_parts(page, (("input", since.input), ("result", since.output)))
    elif reason.revisions:
        times = "once" if reason.revisions == 1 else f"{reason.revisions:,} times"
        page.add((f"  ~ {reason.path}", "yellow"), (f"  began anew {times} with another input", DIM))
        _add_parts(page, (("input", reason.revised),))


def _add_parts(page: Page, parts: Sequence[tuple[str, Sequence[object]]]) -> None:
    for label, changes in parts:
        if changes:
            page.add("    ", (label, DIM))
            add_changes(page, changes, indent=6)  # type: ignore[arg-type]  # of changes
