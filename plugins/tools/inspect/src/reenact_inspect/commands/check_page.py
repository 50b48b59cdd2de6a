"""What became of the runs that were checked, as a page.

Many runs of one workflow part from new code in the same way. One of them is shown, and the
others are named.
"""

from collections.abc import Sequence

from reenact.errors import Asked, DivergenceError
from reenact_cli.plugin import duration

from reenact_inspect.checks import Checked, CheckReport
from reenact_inspect.commands.page import ADDED, BOLD, DIM, REMOVED, Page, add_changes
from reenact_inspect.talk import asked
from reenact_inspect.values import diff_values

NAMED_MAX = 8


def check_page(report: CheckReport, page: Page) -> Page:
    """Put a report on a page."""
    for group in grouped(report.with_verdict("diverges")):
        _add_group(page, group)
    for one in report.with_verdict("unchecked"):
        page.add(("? ", "yellow"), (one.run.id, BOLD), (f"  {_run(one)}  could not be tried", ""))
        page.wrapped([one.problem], indent=4)
        page.gap()
    _add_sum(page, report)
    return page


def grouped(diverged: Sequence[Checked]) -> list[list[Checked]]:
    """Return runs by how they part from the code: same workflow, same calls then and now."""
    groups: dict[tuple[object, ...], list[Checked]] = {}
    for one in diverged:
        groups.setdefault(_way(one), []).append(one)
    return list(groups.values())


def _way(one: Checked) -> tuple[object, ...]:
    error = one.divergence
    if error is None:
        return one.run.workflow, one.problem
    sides = [
        (side.kind, side.name, side.site) if side is not None else None for side in (error.then, error.now)
    ]
    if sides == [None, None]:
        return one.run.workflow, error.path
    return one.run.workflow, *sides


def _run(one: Checked) -> str:
    version = f" v{one.run.version}" if one.run.version else ""
    return f"{one.run.workflow}{version}, {one.run.status}"


def _add_group(page: Page, group: Sequence[Checked]) -> None:
    one, error = group[0], group[0].divergence
    at = f" at {error.path}" if error is not None and error.path else ""
    page.add(("✗ ", "bold red"), (one.run.id, BOLD), (f"{at}", BOLD), (f"  {_run(one)}", DIM))
    if error is None:
        page.wrapped([one.problem], indent=4)
    else:
        _add_sides(page, error)
    if len(group) > 1:
        others = [other.run.id for other in group[1:]]
        more = f" and {len(others) - NAMED_MAX:,} more" if len(others) > NAMED_MAX else ""
        listed = ", ".join(others[:NAMED_MAX])
        page.wrapped([(f"in the same way: {listed}{more}", "")], indent=4, hang=2)
    page.gap()


def _add_sides(page: Page, error: DivergenceError) -> None:
    for label, side, words in (("then", error.then, error.expected), ("now", error.now, error.found)):
        style = REMOVED if label == "then" else ADDED
        page.wrapped([(f"{label:<5}", style), *_side(side, words)], indent=4, hang=5)
    then, now = error.then, error.now
    if then is None or now is None:
        return
    if then.scrubbed:
        page.wrapped(
            [("a policy scrubbed its input on record; it is not set beside the code's", DIM)], indent=4
        )
        return
    changes = diff_values(asked(then.kind, error.inputs[0]), asked(now.kind, error.inputs[1]))
    if changes:
        page.add("    ", ("input", DIM))
        add_changes(page, changes, indent=6)


def _side(side: Asked | None, words: str) -> list[str | tuple[str, str]]:
    if side is None:
        return [words]
    called = f"  {side.site}" if side.site else ""
    more = words.partition(", whose result ")[2] or words.partition(", which reads it so: ")[2]
    said = f"  {more}" if more else ""
    return [f"{side.kind} {side.path}", (called, "cyan"), said]


def _add_sum(page: Page, report: CheckReport) -> None:
    count = len(report.runs)
    if not count:
        page.add("there are no runs to check")
        return
    good, bad, untried = (len(report.with_verdict(one)) for one in ("agrees", "diverges", "unchecked"))
    style = "green" if good == count else "bold red"
    mark = "✓" if good == count else "✗"
    said = [f"{good:,} of {count:,} run{' agrees' if count == 1 else 's agree'} with this code"]
    if bad:
        said.append(f"{bad:,} diverge{'s' if bad == 1 else ''}")
    if untried:
        said.append(f"{untried:,} could not be tried")
    page.add((f"{mark} ", style), (", ".join(said), BOLD), (f"  {duration(report.took_ns)}", DIM))
