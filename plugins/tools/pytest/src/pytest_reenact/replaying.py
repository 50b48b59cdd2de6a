"""Exported runs as tests: each is replayed on today's code, which has to do what the record says.

Loaded only if ``--replay-runs`` is given. A run that has not ended is replayed as far as its
record goes. Nothing is called and nothing is written.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reenact import Plugins, Runtime
from reenact.config import Config
from reenact.errors import DivergenceError, ReenactError
from reenact.workflows import WORKFLOWS
from reenact_portable import import_run, read_file

from pytest_reenact.loops import run_here
from pytest_reenact.memory import MemoryStore
from pytest_reenact.runfiles import is_run_file, load_workflows, workflow_of
from pytest_reenact.runs import TestRun, look


class Replays:
    """The plugin.

    Args:
        folders: Where the exported runs are.
    """

    def __init__(self, folders: list[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> "RunFile | None":
        """Collect exported runs in the folders that were named."""
        inside = any(file_path.resolve().is_relative_to(folder) for folder in self._folders)
        return RunFile.from_parent(parent, path=file_path) if inside and is_run_file(file_path) else None


class RunFile(pytest.File):
    """A file with one exported run, and its child runs."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the one test there is: that the run is replayed."""
        yield ReplayItem.from_parent(self, name="replay")


class ReplayItem(pytest.Item):
    """Replays one exported run."""

    def runtest(self) -> None:
        """Replay the run and its child runs.

        Raises:
            DivergenceError: If the code does something else than the record says.
        """
        replay_file(self.path, self.config)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Say where code and record part; a traceback only for what nobody expects."""
        error = excinfo.value
        if isinstance(error, DivergenceError):
            return f"{error}\n\nin {self.nodeid}; if the change is meant, export a run of the new code"
        if isinstance(error, ReenactError):
            return str(error)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return what the test is called."""
        return self.path, None, f"replay of {self.path.name}"


async def _replay(path: Path, root: Path) -> TestRun:
    """Replay the runs of a file; return the one it is about, as today's code went through its record."""
    store = MemoryStore()
    record = await import_run(store, read_file(path))
    plugins = Plugins(installed=False)
    async with Runtime.open(Config(), store=store, plugins=plugins) as runtime:
        for run_id, other in store.runs.items():
            await runtime.verify(run_id)
            if run_id != record.id and other.workflow in WORKFLOWS:
                await runtime.replay(run_id, WORKFLOWS[other.workflow])
        run = await runtime.replay(record.id, workflow_of(record, root))
        return await look(runtime, record.id, run)


def replay_file(path: Path, config: pytest.Config) -> TestRun:
    """Replay an exported run on today's code, and return it.

    Args:
        path: The file that ``reenact export`` has written.
        config: Says where the project is, and which modules define workflows.

    Raises:
        DivergenceError: If the code does something else than the record says.
        StoreError: If the file is no exported run, or was changed.
        UsageError: If the run's code is not there.
    """
    load_workflows(config.getini("reenact_workflows"), config.rootpath)
    return run_here(_replay(path, config.rootpath))
