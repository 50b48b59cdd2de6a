"""``fork`` and ``rerun``: another run out of an old one, from the command line."""

import json
from typing import Any

import pytest


@pytest.fixture
def summed(project: Any) -> Any:
    """A project with a run ``one`` of ``add``."""
    assert project.cli("run", "flows.py:add", "a=1", "--run-id", "one").exit_code == 0
    return project


def effects(project: Any) -> list[str]:
    """Return what the steps of the project have done."""
    found: list[str] = (project.folder / "effects").read_text().splitlines()
    return found


def test_fork_runs_on_from_a_step(summed: Any) -> None:
    """Only what lies behind the step is done again, and the new run says where it comes from."""
    done = summed.cli("fork", "one", "--at", "double#1", "--set", "input.b=5")

    assert (done.exit_code, done.stdout.strip()) == (0, "12")
    assert effects(summed) == ["double 1", "double 2", "double 5"]
    assert "reenact show" in done.stderr


def test_a_patch_gives_outcomes(summed: Any) -> None:
    """A file says what a step is to have answered; it is not run."""
    (summed.folder / "patch.json").write_text('{"double#1": 40}')
    done = summed.cli("fork", "one", "--at", "double#1", "--patch", "patch.json", "--json")

    assert json.loads(done.stdout)["output"] == 42
    assert effects(summed) == ["double 1", "double 2"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--at", "nowhere"), 2, "has no step 'nowhere'"),
        ((), 2, "--at"),
        (("--at", "double#1", "--set", "input.c=1"), 2, "takes no argument 'c'"),
        (("--at", "double#1", "--set", "input.b=x"), 2, "argument 'b' must be int"),
        (("--at", "double#1", "--set", "input.a=7"), 3, "fork at 'double#0', or re-run the run"),
        (("--at", "double#1", "--patch", "none.json"), 2, "none.json cannot be read"),
        (("--at", "double#1", "--patch", "flows.py"), 2, "flows.py is not JSON"),
    ],
)
def test_a_fork_that_makes_no_sense(summed: Any, args: tuple[str, ...], code: int, said: str) -> None:
    """What is wrong is named, with what can be done."""
    done = summed.cli("fork", "one", *args)

    assert (done.exit_code, said in done.stderr) == (code, True), done.stderr


def test_rerun_takes_what_is_the_same(summed: Any) -> None:
    """With another argument only the step that has it is run."""
    done = summed.cli("rerun", "one", "--set", "input.b=5", "--json")

    assert json.loads(done.stdout)["output"] == 12
    assert effects(summed) == ["double 1", "double 2", "double 5"]


def test_a_plan_says_what_would_run(summed: Any) -> None:
    """In words and in JSON, and nothing is run."""
    told = summed.cli("rerun", "one", "--plan", "--set", "input.b=5")
    plan = json.loads(summed.cli("rerun", "one", "--plan", "--set", "input.b=5", "--json").stdout)

    assert "double#1  step  runs   its input has changed" in told.stdout
    assert [(s["path"], s["fate"]) for s in plan["steps"]] == [("double#0", "taken"), ("double#1", "runs")]
    assert plan["runs"]["steps"] == 1
    assert effects(summed) == ["double 1", "double 2"]
