"""What a policy would have done, as a page."""

from reenact_cli.plugin import duration, moment

from reenact_inspect.backtests import BacktestReport
from reenact_inspect.commands.page import ADDED, BOLD, DIM, REMOVED, Page
from reenact_inspect.tally import Example, PolicyReport

STYLES = {"deny": "bold red", "error": "bold red", "modify": "yellow", "wait": "cyan"}
WORDS = {"deny": "denies", "error": "fails", "modify": "changes", "wait": "has wait"}
REASONS_MAX = 5
STAGES = ("request", "admit", "settle", "response", "tool")


def policy_page(report: BacktestReport, page: Page) -> Page:
    """Put a report on a page."""
    for one in report.policies:
        _add_policy(page, one)
    for run_id, problem in report.unread.items():
        page.add(("? ", "yellow"), (run_id, BOLD), "  could not be read")
        page.wrapped([problem], indent=4)
    if report.unread:
        page.gap()
    _add_sum(page, report)
    return page


def _add_policy(page: Page, one: PolicyReport) -> None:
    page.add((one.name, BOLD), (f" {one.version}", DIM), f"  asked about {_calls(one.calls)}")
    for label, count in (("denied", one.denied), ("changed", one.changed), ("delayed", one.delayed)):
        if count:
            page.add(f"  would have {label} {count:,}", (f"  {one.share(count):.1%}", DIM))
    if one.calls and not (one.denied or one.changed or one.delayed):
        page.add("  would have let all of them pass")
    for stage in STAGES:
        counts = one.stages.get(stage)  # type: ignore[call-overload]  # they are stages
        if counts is not None:
            told = [("allow", counts.allow), ("deny", counts.deny), ("modify", counts.modify)]
            told += [("wait", counts.wait), ("error", counts.error)]
            page.add(f"  {stage:<9}", (", ".join(f"{name} {n:,}" for name, n in told if n), DIM))
    if one.first_denied is not None:
        first = one.first_denied
        page.add("  first refusal ", (moment(first.at_ns), BOLD), f"  {first.run_id} {first.path}")
    _add_reasons(page, one)
    page.gap()
    for example in one.examples:
        _add_example(page, example)


def _add_reasons(page: Page, one: PolicyReport) -> None:
    ordered = sorted(one.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    for reason, count in ordered[:REASONS_MAX]:
        page.wrapped([f"{count:>6,} times: ", (reason, "")], indent=2, hang=14)
    if len(ordered) > REASONS_MAX:
        page.add("    ", (f"and {len(ordered) - REASONS_MAX:,} other reasons", DIM))


def _add_example(page: Page, one: Example) -> None:
    page.add(
        "  ",
        (WORDS[one.outcome], STYLES[one.outcome]),
        (f" {one.run_id} {one.path}", BOLD),
        (f"  {one.stage}" + (f", attempt {one.attempt}" if one.attempt > 1 else ""), DIM),
    )
    page.wrapped([one.reason], indent=4)
    for sign, text, style in (("- ", one.text, REMOVED), ("+ ", one.became, ADDED)):
        if text:
            mark = sign if one.became else "  "
            page.wrapped([(mark, style), (_one_line(text), style if one.became else DIM)], indent=4, hang=2)
    page.gap()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _add_sum(page: Page, report: BacktestReport) -> None:
    runs = f"{report.runs:,} run{'' if report.runs == 1 else 's'}"
    page.add(
        (f"{runs}, {_calls(report.calls)}", BOLD),
        ("  nobody was called  ", ""),
        (duration(report.took_ns), DIM),
    )
    page.wrapped(
        [("requests are judged as they stand in the journal: as the policies of then left them", DIM)]
    )


def _calls(count: int) -> str:
    return f"{count:,} call{'' if count == 1 else 's'}"
