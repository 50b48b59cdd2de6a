"""Running suites on mutants, and what tests that are run again have to say."""

import re
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

_PLUGINS = ("-p", "no:cacheprovider", "-p", "pytest_reenact.plugin")
"""This one and no other: each run would load them anew, and have their source parsed and rewritten."""

QUIETLY = ("-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:asyncio")
"""Without plugins that would change the order, or take their time to say nothing."""

Failures = Callable[[type], list[str]]


@pytest.fixture
def failures(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Failures:
    """Runs a suite until its first failure, and returns the names of the tests that failed."""

    def run(suite: type) -> list[str]:
        monkeypatch.setitem(sys.modules, "suite_under_test", SimpleNamespace(Suite=suite))
        pytester.makepyfile(
            test_it="from suite_under_test import Suite\n\n\nclass TestIt(Suite):\n    pass\n"
        )
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        result = pytester.inline_run("-x", "-q", "--tb=no", "-Wignore", *_PLUGINS)
        passed, skipped, failed = result.listoutcomes()
        assert passed or skipped or failed, "nothing was collected"
        return [report.nodeid for report in failed]

    return run


def tried(result: pytest.RunResult) -> dict[str, int]:
    """Return what the summary says was tried."""
    (line,) = [line for line in result.outlines if "run again:" in line]
    return {
        what: int(count.replace(",", ""))
        for count, what in re.findall(r"([\d,]+) (test|crash point|order)", line)
    }
