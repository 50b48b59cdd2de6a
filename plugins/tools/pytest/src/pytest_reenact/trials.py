"""Running a test again: with its runs killed at every write, or with another order of what happens at once.

Loaded only if one of the options is given. A test is run as ever first. If it passes, and
has run a workflow, it is set up and run again for each trial; nothing is collected or
imported anew. The first trial that ends otherwise fails the test, and the report says how
to repeat it.
"""

import gc
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs
import pytest
from _pytest.runner import runtestprotocol  # what plugins that run tests again use

from pytest_reenact.crashing import Crashing, points_of
from pytest_reenact.plugin import KEPT, Kept
from pytest_reenact.shuffling import Shuffling

Mode: TypeAlias = Literal["each", "pairs"]
Tried: TypeAlias = "Crashing | Shuffling"

CRASHES = "reenact_crash_points"
SHUFFLES = "reenact_shuffles"
SECONDS = "reenact_trial_s"


@attrs.frozen(kw_only=True)
class Options:
    """What was asked for on the command line.

    Attributes:
        crash: Whether to crash at each point, or at each pair of points; None for neither.
        at: The one point, or pair, at which to crash.
        limit: Most crashes, or pairs of them, for each test.
        seeds: Seeds of the orders to try.
    """

    crash: Mode | None = None
    at: tuple[int, ...] = ()
    limit: int = 1_000
    seeds: Sequence[int] = ()


class _Sibling:
    """Stands for a next test of the same module: what one test has is torn down, what many share is kept."""

    def __init__(self, item: pytest.Item) -> None:
        self._chain = [*item.listchain()[:-1], self]

    def listchain(self) -> list[Any]:
        """Return what the next test needs."""
        return self._chain


class Trials:
    """The plugin.

    Args:
        options: What was asked for.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._tried: dict[str, int] = {CRASHES: 0, SHUFFLES: 0}
        self._known: dict[str, int] = {CRASHES: 0, SHUFFLES: 0}
        self._tests = 0
        self._took_s = 0.0
        self._folder: Path | None = None

    # --- each test

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run a test, and then run it again as often as it takes."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        self._folder = None
        first = Crashing()
        reports = self._run(item, first)
        called = next((report for report in reports if report.when == "call"), None)
        if called is not None and all(report.passed for report in reports) and points_of(first):
            self._try_all(item, first, called)
        for report in (*reports, *_tear_down(item, nextitem)):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: pytest.FixtureRequest) -> Path | None:
        """Give a test that is run again the folder that it had: its name may be in what the runs come to."""
        folder = self._folder
        if fixturedef.argname != "tmp_path" or folder is None:
            return None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        fixturedef.cached_result = (folder, fixturedef.cache_key(request), None)
        return folder

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Note the folder of a test."""
        found = getattr(item, "funcargs", {}).get("tmp_path")
        self._folder = found if isinstance(found, Path) else None

    def _run(self, item: pytest.Item, trial: Tried) -> list[pytest.TestReport]:
        """Set a test up, run it and tear it down, with its runtimes in a trial."""
        kept = item.stash[KEPT] = Kept()
        kept.trial = trial
        try:
            return runtestprotocol(item, log=False, nextitem=_Sibling(item))  # type: ignore[arg-type]  # as far as it is one
        finally:
            item.stash[KEPT] = Kept()

    def _try_all(self, item: pytest.Item, first: Crashing, called: pytest.TestReport) -> None:
        marker = item.get_closest_marker("reenact")
        wishes = marker.kwargs if marker is not None else {}
        began_s = time.perf_counter()
        problem = first.problem
        tried = {CRASHES: 0, SHUFFLES: 0}
        with _collecting_what_is_new():
            if not problem and wishes.get("crash", True):
                problem = first.swallowed or self._crash(item, first, tried)
            if not problem and self._options.seeds:
                problem = self._shuffle(item, first, tried, any_order=wishes.get("any_order", False))
        called.user_properties += [*tried.items(), (SECONDS, time.perf_counter() - began_s)]
        if problem:
            called.outcome = "failed"
            called.longrepr = problem

    # --- crashes

    def _crash(self, item: pytest.Item, first: Crashing, tried: dict[str, int]) -> str:
        for points in self._points(item, first):
            tried[CRASHES] += 1
            problem = self._crash_at(item, first, points)
            if problem:
                return problem
        return ""

    def _points(self, item: pytest.Item, first: Crashing) -> Iterator[tuple[int, ...]]:
        options = self._options
        if options.at:
            yield options.at
        elif options.crash == "each":
            for point in spread(points_of(first), options.limit):
                yield (point,)
        elif options.crash == "pairs":
            yield from self._pairs(item, first)

    def _pairs(self, item: pytest.Item, first: Crashing) -> Iterator[tuple[int, int]]:
        """Yield pairs of points: each of the first life, with those that the second life then has."""
        ones = points_of(first)
        each = max(1, self._options.limit // max(ones, 1))
        for point in spread(ones, self._options.limit):
            again = Crashing((point,), first)
            self._run(item, again)
            lives = again.mortal.writes if again.mortal is not None else []
            for second in spread(2 * lives[1] if len(lives) > 1 else 0, each):
                yield point, second

    def _crash_at(self, item: pytest.Item, first: Crashing, points: tuple[int, ...]) -> str:
        """Run a test with its runs killed at *points*; return what is wrong then."""
        trial = Crashing(points, first)
        reports = self._run(item, trial)
        if trial.mortal is None or not trial.mortal.deaths:
            return ""  # it has fewer writes than the first time
        failed = next((report for report in reports if report.failed), None)
        found = trial.judge() or (f"the test fails in {failed.when}" if failed is not None else "")
        if not found:
            return ""
        said = [f"{spell(points)}: {found}"]
        flying = trial.mortal.in_flight
        if flying:
            said.append(f"in flight when the process died: {', '.join(flying)}")
        said.append(f"repeat with: {command(item, '--crash-at', ','.join(map(str, points)))}")
        if failed is not None and not trial.parted:
            said += ["", failed.longreprtext]
            said += [text for name, text in failed.sections if name == "reenact"]
        return "\n".join(said)

    # --- other orders

    def _shuffle(self, item: pytest.Item, first: Crashing, tried: dict[str, int], *, any_order: bool) -> str:
        for seed in self._options.seeds:
            tried[SHUFFLES] += 1
            trial = Shuffling(seed, first)
            reports = self._run(item, trial)
            failed = next((report for report in reports if report.failed), None)
            found = "" if any_order else trial.judge()
            found = found or (f"the test fails in {failed.when}" if failed is not None else "")
            if found:
                said = [f"with the order of seed {seed}: {found}"]
                said += [trial.told, f"repeat with: {command(item, '--shuffle', str(seed))}"]
                said += ["", failed.longreprtext] if failed is not None else []
                return "\n".join(said)
        return ""

    # --- the summary

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what was tried; with xdist, in the process that reports."""
        told: dict[str, Any] = dict(report.user_properties)
        if report.when != "call" or SECONDS not in told:
            return
        self._tests += 1
        self._took_s += told[SECONDS]
        for name in self._tried:
            self._tried[name] += told[name]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how much was tried, and how long it took."""
        options = self._options
        named = {CRASHES: "crash point", SHUFFLES: "order"}
        tried = {CRASHES: options.crash is not None or bool(options.at), SHUFFLES: bool(options.seeds)}
        counts = [f"{count(self._tried[name], named[name])}" for name in named if tried[name]]
        in_all = sum(self._tried.values())
        rate = f", {in_all / self._took_s:.0f} a second" if in_all and self._took_s else ""
        took = f"{count(self._tests, 'test')} run again: {' and '.join(counts)} in {self._took_s:.2f} s{rate}"
        terminalreporter.write_sep("-", f"reenact: {took}")


def _tear_down(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """Tear down what the next test does not need; return a report if that fails."""
    state = item.session._setupstate
    call = pytest.CallInfo.from_call(lambda: state.teardown_exact(nextitem), "teardown")
    if call.excinfo is None:
        return []
    report: pytest.TestReport = item.ihook.pytest_runtest_makereport(item=item, call=call)
    return [report]


@contextmanager
def _collecting_what_is_new() -> Iterator[None]:
    """Have the collector of cycles leave alone what was there before: a test session holds a lot."""
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()


def spread(size: int, limit: int) -> Sequence[int]:
    """Return the numbers up to *size*; at most *limit* of them, spread evenly, the last one among them."""
    if size <= limit:
        return range(size)
    return sorted({round(i * (size - 1) / max(limit - 1, 1)) for i in range(limit)})


def spell(points: tuple[int, ...]) -> str:
    """Return crash points in words."""
    spelled = [f"{'after' if point % 2 else 'before'} write {point // 2 + 1}" for point in points]
    lives = [f"killed {spelled[0]} (crash point {points[0]})"]
    lives += [f"and again {one} of the next process" for one in spelled[1:]]
    return " ".join(lives)


def command(item: pytest.Item, option: str, value: str) -> str:
    """Return the command that repeats one trial of a test."""
    return shlex.join(["pytest", item.nodeid, option, value])


def count(number: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
