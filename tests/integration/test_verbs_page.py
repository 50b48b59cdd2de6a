"""The page on the verbs: its block of Python is run, and what it names is there."""

import re
from pathlib import Path
from typing import Any

import pytest
import reenact_inspect
from click.testing import CliRunner
from reenact import step, workflow
from reenact_cli.root import root
from reenact_inspect import Cause
from reenact_inspect.checks import CheckReport

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "verbs.md"
TEXT = PAGE.read_text()


@step
async def verbs_step(text: str) -> str:
    return text


@workflow(name="verbs-page")
async def verbs_flow(text: str) -> str:
    return await verbs_step(text)


async def test_its_python_runs(opened: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Every function of the page, on two runs."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102  # the page's own

    async with opened() as runtime:
        runs = [await runtime.run(verbs_flow, text) for text in ("one", "two")]
        await names["look"](runtime, *(run.id for run in runs))

    assert capsys.readouterr().out.splitlines() == [
        "the input of the run differs",
        " ['verbs_step#0']",
        "verbs_step#0 ['']",
        "True",
    ]


def test_its_functions_and_commands_are_there() -> None:
    """With the options that it names."""
    for name in re.findall(r"await (\w+)\((?:desk|runtime)", TEXT):
        assert name in reenact_inspect.__all__
    for name, options in {
        "diff": ["--full", "--exit-code"],
        "why": ["--full"],
        "check": ["--all", "--module"],
    }.items():
        shown = CliRunner().invoke(root, [name, "--help"]).stdout
        assert all(option in shown and option in TEXT for option in options)


def test_its_causes_are_all_there_are() -> None:
    """Each has a row."""
    named = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))

    assert named == set(Cause.__annotations__["kind"].__args__)
    assert CheckReport(runs=[]).agrees


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http|#)([^)#]+)\)", TEXT))
def test_its_links_lead_somewhere(link: str) -> None:
    """Relative links name files of the repository."""
    assert (PAGE.parent / link).exists()
