"""Runs the SDLC example in one folder, from wherever it stands to its end; or is killed on the way.

``python sdlc_driver.py FOLDER [before|after N]``: with a number, the process kills itself with
SIGKILL before or after its N-th write to the journal, counted from 1.

Each time a step does its work, and each call of a model, is a line in ``FOLDER/effects``.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from reenact import Runtime, Status, current
from reenact.authoring import Step
from reenact.config import Config, load
from reenact.opening import load_module
from reenact_sqlite import SqliteOptions, open_sqlite

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "sdlc"
RUN_ID = "sdlc"
WRITES = {"acquire", "renew", "commit", "post"}


class Mortal:
    """A store whose process dies before or after its n-th write.

    Args:
        store: The store.
        when: ``before`` or ``after``; never if empty.
        number: Which write, from 1.
    """

    def __init__(self, store: Any, when: str, number: int) -> None:
        self._store = store
        self._when = when
        self._number = number
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._counted(found) if name in WRITES else found

    def _counted(self, write: Any) -> Any:
        async def counted(*args: Any) -> Any:
            self.writes += 1
            number = self.writes
            self._die_at(number, "before")
            result = await write(*args)
            self._die_at(number, "after")
            return result

        return counted

    def _die_at(self, number: int, when: str) -> None:
        if when == self._when and number == self._number:
            os.kill(os.getpid(), signal.SIGKILL)


def note_effects(module: ModuleType, file: Path) -> None:
    """Have each step of *module* append a line when it works, as the scripted provider does for a call."""
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for value in vars(module).values():
        if isinstance(value, Step):
            value.fn = noted(value.fn, log)


def noted(fn: Callable[..., Any], log: int) -> Callable[..., Any]:
    """Return *fn* with a line in *log* for each call."""

    def call(*args: Any, **kwargs: Any) -> Any:
        os.write(log, json.dumps({"path": current().path}).encode() + b"\n")
        return fn(*args, **kwargs)

    return call


def config_of(folder: Path) -> Config:
    """Return the example's own configuration, kept in *folder* and without latency."""
    overrides = [
        f"journal.path={json.dumps(str(folder / 'journal.db'))}",
        f"providers.scripted.log={json.dumps(str(folder / 'effects'))}",
        "providers.scripted.latency_s=0",
    ]
    return load(EXAMPLE / "reenact.toml", overrides=overrides, environ={})


async def drive(folder: Path, when: str, number: int) -> dict[str, Any]:
    """Start the run or go on with it, say yes when it asks, and return how it ended."""
    workflow = load_module("workflow.py", EXAMPLE)
    note_effects(workflow, folder / "effects")
    async with open_sqlite(SqliteOptions(path=folder / "journal.db")) as opened:
        store: Any = Mortal(opened, when, number)
        async with Runtime.open(config_of(folder), store=store) as runtime:
            run = await (await runtime.start(workflow.develop, run_id=RUN_ID, suspend=True)).wait()
            if run.status is Status.WAITING:
                await runtime.approve(RUN_ID, True)
                run = await runtime.resume(RUN_ID)
            output = run.output
        return {
            "verdict": output.verdict,
            "rounds": output.rounds,
            "files": output.files,
            "patch": Path(output.patch).read_text(),
            "report": Path(output.report).read_text(),
            "writes": store.writes,
        }


def main() -> None:
    """Do what the arguments say, and print how the run ended."""
    folder = Path(sys.argv[1])
    when, number = (sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else ("", 0)
    os.environ["SDLC_WORK"] = str(folder / "work")
    print(json.dumps(asyncio.run(drive(folder, when, number))))


if __name__ == "__main__":
    main()
