"""Journals in files: a workflow whose runs fill one, and where it is."""

from pathlib import Path

from reenact import Plugins, Runtime, step, workflow
from reenact.config import Config

PLUGINS = Plugins()


@step
async def double(n: int) -> str:
    return "x" * 900 + str(n * 2)


@workflow(name="doubles")
async def doubles(count: int) -> int:
    return len([await double(n) for n in range(count)])


def config(path: Path) -> Config:
    return Config(journal_options={"path": str(path)})


async def run_once(path: Path, count: int = 5) -> str:
    async with Runtime.open(config(path), plugins=PLUGINS) as runtime:
        run = await runtime.run(doubles, count)
        assert run.output == count
        return run.id
