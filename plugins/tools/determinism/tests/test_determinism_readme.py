"""The README's blocks are run."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Runtime, step, workflow
from reenact.config import load
from reenact_cli.root import root
from reenact_determinism import Determinism, NotRepeatableError

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def names_of(tmp_path: Path, block: str) -> dict[str, Any]:
    """Run a block as a file, so that its comments can be read."""
    file = tmp_path / "block.py"
    file.write_text(block)
    names: dict[str, Any] = {"__name__": "block"}
    exec(compile(block, str(file), "exec"), names)  # noqa: S102  # our own README
    return names


@step
async def work() -> None:
    return None


@workflow
async def says() -> None:
    shown["log_line"]("text")
    await work()


shown: dict[str, Any] = {}


async def test_the_first_block_checks_a_workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It raises if there is a finding."""
    import time

    shown["log_line"] = lambda _: time.time()
    check = names_of(tmp_path, blocks("python")[0])["check"]
    (tmp_path / "reenact.toml").write_text('[journal]\nstore = "sqlite"\npath = ":memory:"\n')
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NotRepeatableError, match=r"time\.time\(\)"):
        await check(says)


async def test_the_second_block_allows_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints, and nothing is found."""
    shown["log_line"] = names_of(tmp_path, blocks("python")[1])["log_line"]
    with Determinism() as watch:
        async with Runtime.open(
            store=MemoryStore(), plugins=Plugins(installed=False), watches=[watch]
        ) as runtime:
            run = await runtime.run(says)

    assert run.error is None
    assert capsys.readouterr().out.endswith("text\n")
    assert watch.findings == ()


def test_the_configuration_is_one(tmp_path: Path) -> None:
    """It switches the check on."""
    (tmp_path / "reenact.toml").write_text(blocks("toml")[0])

    assert load(tmp_path / "reenact.toml").watches == {"determinism": {"mode": "warn"}}


def test_the_commands_have_the_option() -> None:
    """Each of those that run workflow code."""
    named = re.findall(r"^reenact (\w+)", blocks("sh")[0], re.MULTILINE)

    assert named == ["run", "replay"]
    for command in (*named, "resume"):
        assert "--check-determinism" in CliRunner().invoke(root, [command, "--help"]).output
