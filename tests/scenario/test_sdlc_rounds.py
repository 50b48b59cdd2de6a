"""The SDLC example: what it does if a plan is unsafe, a reviewer objects, or a person says no."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from reenact import Runtime, RunView
from reenact.config import load
from reenact.opening import load_module

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "sdlc"

Answers = list[dict[str, Any]]


def developed(tmp_path: Path, answers: Answers | None, *, agreed: bool = True, **arguments: Any) -> Any:
    """Run the example on *answers*, its own if None, and return outcome and view of the run."""
    script = tmp_path / "answers.json"
    script.write_text(json.dumps({"answer": answers}))
    overrides = ['journal.path=":memory:"', "providers.scripted.latency_s=0"]
    if answers is not None:
        overrides.append(f"providers.scripted.answers={json.dumps(str(script))}")
    config = load(EXAMPLE / "reenact.toml", overrides=overrides, environ={})
    workflow = load_module("workflow.py", EXAMPLE)

    async def develop() -> tuple[Any, RunView]:
        async with Runtime.open(config) as runtime:
            run = await runtime.run(workflow.develop, **arguments)
            if run.record.waits_for:
                await runtime.approve(run.id, agreed)
                run = await runtime.resume(run.id)
            return run.output, await runtime.show(run.id)

    return asyncio.run(develop())


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the example works, for the time of a test."""
    monkeypatch.setenv("SDLC_WORK", str(tmp_path / "work"))
    return tmp_path / "work"


def plan(*files: str) -> dict[str, Any]:
    return {"summary": "s", "tasks": [{"file": file, "what": "w"} for file in files]}


def test_a_person_may_say_no(tmp_path: Path) -> None:
    """A patch that is declined is left all the same, and the outcome says so."""
    outcome, _ = developed(tmp_path, None, agreed=False)

    assert (outcome.verdict, outcome.rounds) == ("declined", 2)
    assert "+FREE_FROM_CENTS" in Path(outcome.patch).read_text()
    assert "**declined** after 2 rounds" in Path(outcome.report).read_text()


def test_a_plan_that_leaves_the_project_is_sent_back(tmp_path: Path, work: Path) -> None:
    """A planner that names a file outside of the project is told so, and nothing is written there."""
    answers = [
        {"path": "plan#0", "json": plan("../../evil.py")},
        {"path": "plan#0/repair#0", "prompt": "is no relative path", "json": plan("fine.py")},
        {"path": "**/code#0", "json": {"content": "x = 1\n"}},
    ]

    outcome, _ = developed(tmp_path, answers, rounds=1)

    assert (outcome.verdict, outcome.files) == ("unfinished", ["fine.py"])
    assert not list(tmp_path.rglob("evil.py"))
    assert not (EXAMPLE / "evil.py").exists()


def test_rounds_come_to_an_end(tmp_path: Path) -> None:
    """A job that nobody gets done is given up after the rounds that were allowed."""
    answers = [
        {"path": "plan#*", "json": plan("a.py", "b.py")},
        {"path": "**/code#0", "json": {"content": "x = 1\n"}},
    ]

    outcome, view = developed(tmp_path, answers, rounds=2)

    assert (outcome.verdict, outcome.rounds, outcome.files) == ("unfinished", 2, ["a.py", "b.py"])
    assert [step.path for step in view if step.name == "run_suite"] == [f"run_suite#{i}" for i in range(3)]


def test_a_reviewer_may_send_it_back(tmp_path: Path) -> None:
    """What a reviewer objects to is what the next planner hears."""
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    answers = [
        {"path": "plan#0", "json": plan("a.py")},
        {"path": "plan#1", "prompt": "- Name it properly.", "json": plan("a.py")},
        {"path": "parallel#0[a.py]/code#0", "json": {"content": "x = 1\n"}},
        {"path": "parallel#1[a.py]/code#0", "json": {"content": "size = 1\n"}},
        {"path": "review#0", "json": {"accepted": False, "comments": ["Name it properly."]}},
        {"path": "review#1", "prompt": "+size = 1", "json": {"accepted": True, "comments": []}},
    ]
    (project / "a.py").write_text("")
    suite = f"{sys.executable} -c pass"

    outcome, _ = developed(tmp_path, answers, repo=str(project), suite=suite)

    assert (outcome.verdict, outcome.rounds) == ("approved", 2)
    assert "sent back; Name it properly." in Path(outcome.report).read_text()


def test_coders_are_asked_at_most_so_many_at_once(tmp_path: Path) -> None:
    """The third coder begins when one of the first two has ended."""
    files = ["a.py", "b.py", "c.py", "d.py"]
    answers = [
        {"path": "plan#0", "json": plan(*files)},
        {"path": "**/code#0", "json": {"content": "x = 1\n"}},
    ]

    _, view = developed(tmp_path, answers, rounds=1, coders=2)

    coding = [step for step in view if step.name in ("read_source", "code")]
    begun = {step.path.partition("/")[0]: step.started_ns for step in reversed(coding)}
    ended = {step.path.partition("/")[0]: step.ended_ns for step in coding}
    at_once = [sum(begun[other] <= begun[one] < ended[other] for other in begun) for one in begun]
    assert len(begun) == len(files)
    assert max(at_once) <= 2
