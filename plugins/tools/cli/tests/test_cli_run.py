"""``run`` and ``resume``: targets, arguments, ids, answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from reenact_cli.session import Session


def test_it_says_what_can_be_done_next(project: Any) -> None:
    """A run ends with the commands to look at it, and to replay it."""
    done = project.run("run", "flows.py:greet", "name=Ada", "--run-id", "g")

    assert done.stdout == "hello Ada\n"
    assert "reenact show g" in done.stderr
    assert "reenact replay g" in done.stderr


def test_without_a_terminal_there_is_a_line_for_each_change(project: Any) -> None:
    """Steps that begin and end are told line by line, those of child runs below their step."""
    done = project.run("run", "flows.py:nested", "n=2")

    assert "running   add#0/double#0" in done.stderr
    assert "succeeded parallel#0[1]/double#0" in done.stderr
    assert "\x1b" not in done.stderr


def test_json_is_all_there_is(project: Any) -> None:
    """With --json stdout is one object and stderr is silent."""
    done = project.run("run", "flows.py:add", "a=1", "--json")

    told = json.loads(done.stdout)
    assert told["output"] == 6
    assert told["run"]["status"] == "succeeded"
    assert done.stderr == ""


def test_a_text_stays_text(project: Any) -> None:
    """What the signature calls str is not read as JSON."""
    assert project.ok("run", "flows.py:greet", "name=007") == "hello 007\n"


def test_input_comes_from_a_file_or_stdin(project: Any) -> None:
    """--input takes JSON, @file, and @- for stdin; key=value adds to it."""
    (project.folder / "in.json").write_text('{"a": 1}')

    from_file = project.run("run", "flows.py:add", "--input", "@in.json", "b=5")
    from_stdin = project.run("run", "flows.py:add", "--input", "@-", stdin='{"a": 2, "b": 2}')

    assert from_file.stdout == "12\n"
    assert from_stdin.stdout == "8\n"


BAD_INPUT = {
    "a list": ("[1]", "must be a JSON object"),
    "no json": ("{", "is not JSON"),
    "nan": ('{"a": NaN}', "JSON has no NaN"),
    "twice": ('{"a": 1, "a": 2}', "stands twice"),
    "unknown": ('{"aa": 1}', "did you mean 'a'"),
    "type": ('{"a": "x"}', "must be int"),
    "no file": ("@nosuch.json", "cannot be read"),
}


@pytest.mark.parametrize(("text", "said"), BAD_INPUT.values(), ids=list(BAD_INPUT))
def test_bad_input_is_refused_before_there_is_a_run(project: Any, text: str, said: str) -> None:
    """Input that does not fit is told with what was expected, and leaves no run behind."""
    done = project.cli("run", "flows.py:add", "--input", text)

    assert done.exit_code == 2
    assert said in done.stderr
    assert not project.journal().exists()


def test_a_known_id_is_that_run(project: Any) -> None:
    """The same id with the same input is that run; with another input it is an error."""
    project.ok("run", "flows.py:add", "a=1", "--run-id", "x")

    same = project.run("run", "flows.py:add", "a=1", "--run-id", "x")
    other = project.run("run", "flows.py:add", "a=2", "--run-id", "x")

    assert same.stdout == "6\n"
    assert project.effects() == ["double 1", "double 2"]
    assert other.returncode == 2


def test_a_journal_in_memory_is_said_to_be_one(project: Any) -> None:
    """A run that nothing keeps says so, and promises no resume."""
    done = project.run("run", "flows.py:greet", "name=x", "--set", "journal.path=:memory:")

    assert "in memory and not durable" in done.stderr
    assert "resume" not in done.stderr
    assert not project.journal().exists()


def test_modules_are_targets_too(project: Any) -> None:
    """module:function is imported from the project's folder, and resumed from there."""
    waiting = project.run("run", "flows:ask", "--run-id", "m")
    project.ok("approve", "m", "--no")

    resumed = project.run("resume", "m")

    assert waiting.returncode == 4
    assert resumed.stdout == "false\n"


def test_a_file_is_named_from_where_one_stands(project: Any) -> None:
    """A target is seen from the current folder, and kept as seen from the project's."""
    inner = project.folder / "inner"
    inner.mkdir()
    (inner / "more.py").write_text(
        "from reenact import approve, workflow\n"
        "@workflow\nasync def w() -> bool:\n    return await approve('?')\n"
    )
    type(project)(inner).run("run", "more.py:w", "--run-id", "i")
    project.ok("approve", "i")

    resumed = project.run("resume", "i")

    assert project.json("show", "i")["run"]["target"] == "inner/more.py:w"
    assert resumed.stdout == "true\n"


def test_yes_answers_questions(project: Any) -> None:
    """--yes answers yes where a yes is an answer."""
    done = project.run("run", "flows.py:ask", "--yes")

    assert (done.returncode, done.stdout) == (0, "true\n")


@pytest.mark.parametrize("workflow", ["choose", "listen"])
def test_yes_is_no_answer_to_everything(project: Any, workflow: str) -> None:
    """--yes leaves a wait alone that wants something else than a yes."""
    done = project.run("run", f"flows.py:{workflow}", "--yes")

    assert done.returncode == 4


def test_other_answers_are_json(project: Any) -> None:
    """A question that wants a value gets it with --answer, and a signal with its name."""
    project.run("run", "flows.py:choose", "--run-id", "c")
    project.run("run", "flows.py:listen", "--run-id", "l")
    project.ok("approve", "c", "--answer", '{"pick": "left"}')
    project.ok("signal", "l", "news", '"rain"')

    chosen, heard = project.run("resume", "c"), project.run("resume", "l")

    assert chosen.stdout == "left\n"
    assert heard.stdout == "rain\n"


@pytest.mark.parametrize("path", [(), ("news#0",)])
def test_an_approval_is_no_signal(project: Any, path: tuple[str, ...]) -> None:
    """A run that waits for a signal is not answered by 'approve', which says how it is told instead."""
    project.run("run", "flows.py:listen", "--run-id", "l")

    refused = project.run("approve", "l", *path, "--answer", '"yes"')
    still = project.run("resume", "l")

    assert refused.returncode == 2
    assert "waits for no answer" in refused.stderr
    assert "reenact signal l news JSON" in refused.stderr
    assert (still.returncode, still.stdout) == (4, "")


def test_wait_stays_for_an_answer_from_elsewhere(project: Any, until: Callable[..., Any]) -> None:
    """With --wait a run that waits is answered by another process and goes on here."""
    waiting = project.start("run", "flows.py:ask", "--run-id", "w", "--wait")
    until(lambda: project.journal().exists() and "waiting" in project.run("ls", "--json").stdout)

    told = project.json("approve", "w")
    output, _ = waiting.communicate(timeout=30)

    assert told["live"] is True
    assert (waiting.returncode, output) == (0, "true\n")


def test_a_run_that_another_process_has_is_left_to_it(project: Any, until: Callable[..., Any]) -> None:
    """Resuming a run that is being run says who has it, and exits with 1."""
    project.start("run", "flows.py:walk", "--run-id", "w")
    until(lambda: "slow 2" in project.effects())

    done = project.run("resume", "w")

    assert done.returncode == 1
    assert "is owned by pid" in done.stderr


def test_a_failed_run_is_taken_up_where_it_failed(project: Any) -> None:
    """After the code is mended, a resume goes on at the step that failed."""
    project.run("run", "flows.py:fails", "--run-id", "f")
    flows = project.folder / "flows.py"
    flows.write_text(flows.read_text().replace('raise ValueError("it broke")', "return 7"))

    done = project.run("resume", "f")

    assert (done.returncode, done.stdout) == (0, "7\n")


def test_recover_resumes_what_was_lost(project: Any, until: Callable[..., Any]) -> None:
    """Runs whose process was killed are resumed with the code they name; finished steps are not run again."""
    lost = project.start("run", "flows.py:walk", "--run-id", "w")
    until(lambda: "slow 2" in project.effects())
    lost.kill()
    lost.wait()
    (project.folder / "open").touch()

    listed = project.json("ls", "--lost")
    recovered = project.json("recover")
    again = project.json("recover")

    assert [run["id"] for run in listed["runs"]] == ["w"]
    assert recovered["runs"][0]["output"] == 4
    assert project.effects().count("double 1") == 1
    assert again == {"runs": []}


def test_recover_gives_each_run_its_own_code(project: Any) -> None:
    """Two files with workflows of one name are not mixed up, and code from outside is not run."""
    code = (
        "from reenact import approve, workflow\n@workflow(name='same')\n"
        "async def main() -> str:\n    await approve('?')\n    return {!r}\n"
    )
    for name in ("one", "two"):
        (project.folder / f"{name}.py").write_text(code.format(name))
        project.cli("run", f"{name}.py:main", "--run-id", name)
        project.cli("approve", name)
    (project.folder.parent / "three.py").write_text(code.format("three"))
    project.cli("run", "../three.py:main", "--run-id", "three")

    recovered = project.json("recover", code=1)

    outputs = {one["run"]["id"]: one["output"] for one in recovered["runs"] if "run" in one}
    errors = [one["error"]["message"] for one in recovered["runs"] if "error" in one]
    assert outputs == {"one": "one", "two": "two"}
    assert "'three' names code outside" in errors[0]


def test_cancel_ends_a_run_when_it_is_heard(project: Any, until: Callable[..., Any]) -> None:
    """A run that is being run is cancelled from another process, and exits with 1."""
    running = project.start("run", "flows.py:walk", "--run-id", "w")
    until(lambda: "slow 2" in project.effects())

    told = project.json("cancel", "w", "--reason", "enough")
    _, said = running.communicate(timeout=30)

    assert told["live"] is True
    assert running.returncode == 1
    assert "was cancelled" in said
    assert project.json("show", "w")["run"]["status"] == "cancelled"


def test_a_model_is_chosen_for_a_name(project: Any) -> None:
    """--model sets the model of one name, or of all names there are."""
    project.append("reenact.toml", '\n[models]\nfast = "a:b"\nsmart = "a:c"\n')

    one = Session(models=["fast=x:y"]).config.models
    every = Session(models=["x:z"]).config.models
    unknown = project.cli("run", "flows.py:greet", "name=x", "--model", "nonsense")

    assert one == {"fast": ["x:y"], "smart": ["a:c"]}
    assert every == {"fast": ["x:z"], "smart": ["x:z"]}
    assert unknown.exit_code == 2
