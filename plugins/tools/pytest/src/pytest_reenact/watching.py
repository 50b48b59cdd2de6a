"""The determinism check in tests: on, unless it is switched off.

One watch looks on for the whole session, since setting one up for each test would cost more
than most tests do. After each test it is asked what it has found, and that is a warning on
the line of the user's, or with ``error`` the test's failure.
"""

import warnings
from typing import Any

import pytest
from reenact.config import Config
from reenact.fitting import structure
from reenact.seams import Finding
from reenact_determinism import Determinism, DeterminismOptions

NAME = "reenact-watching"


class NotRepeatableWarning(UserWarning):
    """A line of workflow code does what a replay may not repeat."""


class Watching:
    """Looks on in every test.

    Args:
        mode: ``warn`` or ``error``.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self._watches: dict[tuple[str, ...], Determinism] = {}

    def watch(self, config: Config) -> Determinism:
        """Return the watch for runtimes with *config*, which may allow modules."""
        table = config.watches.get("determinism", {})
        given = structure(table, DeterminismOptions, "watches.determinism", config.sources)
        allow = tuple(given.allow)
        if allow not in self._watches:
            self._watches[allow] = Determinism(DeterminismOptions(allow=list(allow)), told=lambda _: None)
        return self._watches[allow]

    def _take(self) -> list[Finding]:
        return [finding for watch in self._watches.values() for finding in watch.take()]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:  # noqa: ARG002  # as pytest has it
        """Say what the test's workflows do that a replay may not repeat."""
        try:
            result = yield
        finally:
            found = self._take()
        if found and self.mode == "error":
            lines = "\n".join(f"  {finding}" for finding in found)
            pytest.fail(f"workflow code does what a replay may not repeat:\n{lines}", pytrace=False)
        for finding in found:
            where = finding.lines[0]
            warnings.warn_explicit(str(finding), NotRepeatableWarning, where.file, where.line)
        return result

    def pytest_unconfigure(self) -> None:
        """Look on no more."""
        for watch in self._watches.values():
            watch.close()
