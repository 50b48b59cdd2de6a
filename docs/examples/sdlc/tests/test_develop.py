"""The workflow: what it does if all goes well, a plan is unsafe, a reviewer objects, or a person says no."""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_reenact import MockLlm, TestRun, TestRuntime
from reenact import LlmRequest
from workflow import Outcome, develop

EXAMPLE = Path(__file__).parents[1]
CODE = {"content": "x = 1\n"}
PASSES = f"{sys.executable} -c pass"


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the example works, for the time of a test."""
    monkeypatch.setenv("SDLC_WORK", str(tmp_path / "work"))
    return tmp_path / "work"


@pytest.fixture
def agents(mock_llm: MockLlm) -> MockLlm:
    """The agents that answer from answers.toml."""
    for answer in tomllib.loads((EXAMPLE / "answers.toml").read_text(encoding="utf-8"))["answer"]:
        prompt = answer.get("prompt", [])
        phrases = [prompt] if isinstance(prompt, str) else prompt
        mock_llm.script(saying(phrases), answer["json"], path=answer.get("path", ""), model=answer["model"])
    return mock_llm


def saying(phrases: list[str]) -> Callable[[LlmRequest], bool]:
    """Return what says of a request whether all of *phrases* are in it."""

    def says_all(request: LlmRequest) -> bool:
        said = "\n".join(message.text for message in request.messages)
        return all(phrase in said for phrase in phrases)

    return says_all


def plan(*files: str) -> dict[str, Any]:
    """Return a planner's answer, one task for each of *files*."""
    return {"summary": "s", "tasks": [{"file": file, "what": "w"} for file in files]}


def developed(runtime: TestRuntime, *, agreed: bool = True, **arguments: Any) -> TestRun:
    """Run the workflow to its end, answering it when it asks."""
    run = runtime.run_sync(develop, **arguments)
    if run.waits_for:
        runtime.sync(runtime.approve(run.id, agreed))
        run = runtime.sync(runtime.resume(run.id))
    return run


@pytest.mark.usefixtures("agents")
@pytest.mark.parametrize(("agreed", "verdict"), [(True, "approved"), (False, "declined")])
def test_a_person_has_the_last_word(agreed: bool, verdict: str, runtime: TestRuntime) -> None:
    """The second round passes; a patch that is declined is left all the same, and the outcome says so."""
    run = developed(runtime, agreed=agreed)

    outcome: Outcome = run.output
    assert (outcome.verdict, outcome.rounds) == (verdict, 2)
    assert "+FREE_FROM_CENTS" in Path(outcome.patch).read_text()
    assert f"**{verdict}** after 2 rounds" in Path(outcome.report).read_text()
    assert [run.effects(name) for name in ("run_suite", "leave")] == [3, 1]


@pytest.mark.usefixtures("agents")
def test_a_run_on_record_is_replayed(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A replay ends the same, asks no agent and runs no suite."""
    run = developed(runtime)
    asked = len(mock_llm.calls)

    replayed = runtime.sync(runtime.replay(run.id))

    assert replayed.output == run.output
    assert mock_llm.calls == asked


def test_a_plan_that_leaves_the_project_is_sent_back(
    runtime: TestRuntime, mock_llm: MockLlm, tmp_path: Path
) -> None:
    """A planner that names a file outside of the project is told so, and nothing is written there."""
    mock_llm.script(answer=plan("../../evil.py"), path="plan#0")
    mock_llm.script("is no relative path", plan("fine.py"), path="plan#0/repair#0")
    mock_llm.with_response("**/code#0", CODE)

    outcome = developed(runtime, rounds=1).output

    assert (outcome.verdict, outcome.files) == ("unfinished", ["fine.py"])
    assert not list(tmp_path.rglob("evil.py"))
    assert not (EXAMPLE / "evil.py").exists()


def test_rounds_come_to_an_end(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A job that nobody gets done is given up after the rounds that were allowed."""
    mock_llm.script(answer=plan("a.py", "b.py"), model="planner", times=2)
    mock_llm.script(answer=CODE, model="coder", times=4)

    run = developed(runtime, rounds=2)

    outcome = run.output
    assert (outcome.verdict, outcome.rounds, outcome.files) == ("unfinished", 2, ["a.py", "b.py"])
    assert [step.path for step in run.steps("run_suite")] == [f"run_suite#{i}" for i in range(3)]


def test_a_reviewer_may_send_it_back(runtime: TestRuntime, mock_llm: MockLlm, tmp_path: Path) -> None:
    """What a reviewer objects to is what the next planner hears."""
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    (project / "a.py").write_text("")
    mock_llm.with_response("plan#0", plan("a.py"))
    mock_llm.with_response("parallel#0[a.py]/code#0", CODE)
    mock_llm.with_response("review#0", {"accepted": False, "comments": ["Name it properly."]})
    mock_llm.script("- Name it properly.", plan("a.py"), path="plan#1")
    mock_llm.with_response("parallel#1[a.py]/code#0", {"content": "size = 1\n"})
    mock_llm.script("+size = 1", {"accepted": True, "comments": []}, path="review#1")

    outcome = developed(runtime, repo=str(project), suite=PASSES).output

    assert (outcome.verdict, outcome.rounds) == ("approved", 2)
    assert "sent back; Name it properly." in Path(outcome.report).read_text()


@pytest.mark.reenact(crash=False)  # it measures time, of which a crash takes some
def test_coders_are_asked_at_most_so_many_at_once(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """With four tasks for two coders of a minute each, coding takes two minutes."""
    files = ["a.py", "b.py", "c.py", "d.py"]
    mock_llm.script(answer=plan(*files), model="planner")
    mock_llm.script(answer=CODE, model="coder", times=4, latency_s=60)

    run = developed(runtime, rounds=1, coders=2)

    coding = run.steps("code")
    took_s = (max(step.ended_ns for step in coding) - min(step.started_ns for step in coding)) / 1e9
    assert len(coding) == len(files)
    assert 120 <= took_s < 121


def test_a_planner_that_is_not_to_be_had_fails_the_run(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A run that fails at the planner goes on there when it is resumed; the suite is not run again."""
    mock_llm.fail_on("plan")
    run = runtime.run_sync(develop, rounds=1)
    assert run.status == "failed"
    mock_llm.with_response("plan", plan("a.py")).with_response("code", CODE)

    resumed = runtime.sync(runtime.resume(run.id))

    assert resumed.output.verdict == "unfinished"
    assert resumed.effects("check_out") == 1
