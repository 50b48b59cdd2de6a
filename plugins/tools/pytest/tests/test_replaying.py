"""Exported runs as tests: by folder, and as files that ``reenact export --as-test`` writes."""

import json
import sys
from pathlib import Path

import pytest

QUIETLY = ("-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:cacheprovider")

REENACT = (sys.executable, "-m", "reenact_cli.main")

FLOW = """
from reenact import llm, step, workflow

@step
async def shout(text: str) -> str:
    return text.upper()

@workflow
async def greet_replayed(name: str) -> list[str]:
    text = await llm("smart", f"Greet {name}", name="greet")
    return [await shout(text), "\\u2028'''\\n"]
"""

CONFIG = '[models]\nsmart = "scripted:any"\n\n[providers.scripted]\nanswers = "answers.toml"\n'


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a run that was exported into the folder ``runs``."""
    pytester.path.joinpath("flow.py").write_text(FLOW)
    pytester.path.joinpath("reenact.toml").write_text(CONFIG)
    pytester.path.joinpath("answers.toml").write_text('[[answer]]\ntext = "hello"\n')
    pytester.path.joinpath("runs").mkdir()
    done = pytester.run(*REENACT, "run", "flow.py:greet_replayed", "name=Ada", "--run-id", "greeting")
    assert done.ret == 0, done.stderr.str()
    done = pytester.run(*REENACT, "export", "greeting", "--out", "runs/greeting.json")
    assert done.ret == 0, done.stderr.str()
    return pytester


def test_every_exported_run_of_a_folder_is_a_test(project: pytest.Pytester) -> None:
    """Beside the tests there are; other files of the folder are none."""
    project.path.joinpath("runs", "notes.json").write_text('{"entries": []}')
    project.path.joinpath("runs", "notes.md").write_text("notes")
    project.makepyfile(test_it="def test_it(): pass")

    result = project.runpytest_subprocess("test_it.py", "--replay-runs", "runs", "-v", *QUIETLY)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*runs/greeting.json::replay PASSED*"])


def test_code_that_does_something_else_fails_it(project: pytest.Pytester) -> None:
    """With both inputs as a diff, and the file and the line of both calls."""
    flow = project.path / "flow.py"
    flow.write_text("\n\n" + flow.read_text().replace("Greet {name}", "Greet {name} kindly"))

    result = project.runpytest_subprocess("--replay-runs", "runs", *QUIETLY)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*diverges at 'greet#0'*",
            "--- on record (flow.py:10)",
            "+++ now (flow.py:12)",
            '*-*Greet Ada",',
            '*Greet Ada kindly",',
        ]
    )


def test_with_xdist_each_run_is_replayed_once(project: pytest.Pytester) -> None:
    """Runs are spread over processes like other tests."""
    pytest.importorskip("xdist")

    result = project.runpytest_subprocess("--replay-runs", "runs", "-n", "2")

    result.assert_outcomes(passed=1)


def test_a_file_that_was_changed_is_refused(project: pytest.Pytester) -> None:
    """It is no longer what an export writes, and is not replayed."""
    file = project.path / "runs" / "greeting.json"
    file.write_text(file.read_text().replace("Ada", "Eve"))

    result = project.runpytest_subprocess("--replay-runs", "runs", *QUIETLY)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it was changed after it was written*"])


def test_code_outside_of_the_project_is_not_loaded(project: pytest.Pytester, tmp_path: Path) -> None:
    """A file may name code elsewhere: none of it is run; the ini option names what is to be loaded."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    project.path.joinpath("flow.py").rename(elsewhere / "flow.py")

    without = project.runpytest_subprocess("--replay-runs", "runs", *QUIETLY)
    project.makeini(f"[pytest]\nreenact_workflows = {elsewhere / 'flow.py'}\n")
    named = project.runpytest_subprocess("--replay-runs", "runs", *QUIETLY)

    without.assert_outcomes(failed=1)
    without.stdout.fnmatch_lines(["*the code of workflow 'greet_replayed' is not loaded*reenact_workflows*"])
    named.assert_outcomes(passed=1)


def test_a_folder_that_is_not_there_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """The option names it."""
    result = pytester.runpytest_inprocess("--replay-runs", "nowhere", *QUIETLY)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--replay-runs *nowhere: there is no such folder*"])


def test_a_run_is_exported_as_a_test(project: pytest.Pytester) -> None:
    """The test reads as one, passes on the code that ran, and fails on other code."""
    done = project.run(*REENACT, "export", "greeting", "--as-test", "--out", "tests/runs", "--json")
    told = json.loads(done.stdout.str())
    text = Path(told["test"]).read_text()

    passed = project.runpytest_subprocess("tests", *QUIETLY)
    flow = project.path / "flow.py"
    flow.write_text(flow.read_text().replace("text.upper()", "text.title()").replace("Greet", "Meet"))
    failed = project.runpytest_subprocess("tests", *QUIETLY)

    assert told["test"].endswith("tests/runs/test_greet_replayed_greeting.py")
    assert "run = reenact_replay(" in text
    assert "\\u2028" in text
    assert text.isascii()
    passed.assert_outcomes(passed=1)
    failed.assert_outcomes(failed=1)


def test_an_export_as_a_test_overwrites_nothing(project: pytest.Pytester) -> None:
    """Unless it is told to; a redacted run cannot be one."""
    calls = [[], [], ["--force"], ["--redact"]]

    codes = [project.run(*REENACT, "export", "greeting", "--as-test", *more).ret for more in calls]

    assert codes == [0, 1, 0, 2]
