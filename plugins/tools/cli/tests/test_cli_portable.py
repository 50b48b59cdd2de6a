"""``import`` and ``gc``: runs come as files, and go when nobody needs them."""

import json
import stat
from typing import Any

import pytest
from click.testing import CliRunner
from reenact_cli.root import root


@pytest.fixture
def elsewhere(project: Any) -> tuple[str, ...]:
    """Options that name another journal."""
    return ("--set", "journal.path=other/journal.db")


def test_an_imported_run_is_shown_verified_and_replayed(project: Any, elsewhere: tuple[str, ...]) -> None:
    """What was exported here is a run there, in a journal that is made: 0600, in a folder that is 0700."""
    project.cli("run", "flows.py:nested", "n=2", "--run-id", "n")
    project.cli("export", "n", "-o", "n.json")

    done = project.cli("import", "n.json", "--json", *elsewhere)
    again = project.cli("import", "n.json", *elsewhere)

    (told,) = json.loads(done.stdout)["files"]
    other = project.folder / "other"
    assert (done.exit_code, again.exit_code) == (0, 0)
    assert (told["run_id"], told["runs"], told["status"], told["imported"]) == ("n", 2, "succeeded", True)
    assert told["made_by"]["reenact-sqlite"]
    assert len(told["code"][0]) == 32
    assert stat.S_IMODE(other.stat().st_mode) == 0o700
    assert stat.S_IMODE((other / "journal.db").stat().st_mode) == 0o600
    for command in ("show", "verify", "replay"):
        assert project.cli(command, "n", *elsewhere).exit_code == 0, command
    project.cli("export", "n", "-o", "again.json", *elsewhere)
    assert (project.folder / "again.json").read_bytes() == (project.folder / "n.json").read_bytes()


def test_a_run_that_was_there_is_not_said_to_be_imported(project: Any, elsewhere: tuple[str, ...]) -> None:
    """A second import names the run, says that it was there, and is no failure."""
    project.cli("run", "flows.py:greet", "name=Ada", "--run-id", "g")
    project.cli("export", "g", "-o", "g.json")
    first = project.cli("import", "g.json", *elsewhere)

    again = project.cli("import", "g.json", *elsewhere)
    told = json.loads(project.cli("import", "g.json", "--json", *elsewhere).stdout)["files"][0]

    assert first.stdout.startswith("imported  g  (")
    assert again.exit_code == 0
    assert again.stdout.startswith("there     g  (greet succeeded")
    assert "was in the journal already" in again.stdout
    assert (told["run_id"], told["imported"], told["there"]) == ("g", False, True)


def test_an_unfinished_run_goes_on_elsewhere(project: Any, elsewhere: tuple[str, ...]) -> None:
    """It is said how, and an answer given there is the answer."""
    project.cli("run", "flows.py:ask", "--run-id", "a")
    project.cli("export", "a", "-o", "a.json")

    done = project.cli("import", "a.json", *elsewhere)
    project.cli("approve", "a", *elsewhere)
    resumed = project.cli("resume", "a", *elsewhere)

    assert "reenact resume a" in done.stderr
    assert resumed.exit_code == 0, resumed.output
    assert project.cli("ls", "--status", "waiting").stdout.count("waiting") == 1


def test_a_file_that_is_not_whole_is_refused_and_the_others_are_not(
    project: Any, elsewhere: tuple[str, ...]
) -> None:
    """What is wrong is said; with --check nothing is imported at all."""
    project.cli("run", "flows.py:greet", "name=Ada", "--run-id", "g")
    project.cli("export", "g", "-o", "good.json")
    good = (project.folder / "good.json").read_bytes()
    (project.folder / "bad.json").write_bytes(good.replace(b"Ada", b"Eve"))

    checked = project.cli("import", "--check", "good.json", "--json", *elsewhere)
    made = (project.folder / "other").exists()
    done = project.cli("import", "bad.json", "missing.json", "good.json", *elsewhere)

    assert (checked.exit_code, made) == (0, False)
    assert done.exit_code == 1
    assert "bad.json: it was changed after it was written" in done.stdout
    assert "missing.json: it cannot be read" in done.stdout
    assert "imported  g" in done.stdout
    assert [run["id"] for run in json.loads(project.cli("ls", "--json", *elsewhere).stdout)["runs"]] == ["g"]


def test_import_gives_a_run_another_name(project: Any) -> None:
    """A copy in the same journal; one name is for one file, and a name that is taken is refused."""
    project.cli("run", "flows.py:greet", "name=Ada", "--run-id", "g")
    project.cli("run", "flows.py:greet", "name=Bob", "--run-id", "b")
    project.cli("export", "g", "-o", "g.json")

    done = project.cli("import", "g.json", "--as", "copy")
    taken = project.cli("import", "g.json", "--as", "b", "--json")
    two = project.cli("import", "g.json", "g.json", "--as", "x")
    (refused,) = json.loads(taken.stdout)["files"]

    assert "imported  copy" in done.stdout
    assert project.cli("replay", "copy").exit_code == 0
    assert taken.exit_code == 1
    assert refused["type"] == "RunConflictError"
    assert "g.json: run 'b' is in the journal already, with another" in refused["problem"]
    assert "--as RUN" in refused["problem"]
    assert two.exit_code == 2


def test_a_redacted_file_is_checked_and_not_imported(project: Any) -> None:
    """It says nothing of what was said, and what it holds is whole."""
    project.cli("run", "flows.py:greet", "name=Wally", "--run-id", "g")
    project.cli("export", "g", "-o", "g.json", "--redact")

    checked = project.cli("import", "--check", "g.json", "--json")
    done = project.cli("import", "g.json")

    assert b"Wally" not in (project.folder / "g.json").read_bytes()
    assert json.loads(checked.stdout)["files"][0]["redacted"] is True
    assert done.exit_code == 1
    assert "redacted" in done.stdout


def test_hostile_names_do_not_reach_the_terminal(project: Any) -> None:
    """File names, and whatever a file calls itself, are shown with controls spelled out."""
    name = "\x1b]0;owned\x07.json"
    (project.folder / name).write_text('{"format":2,\n"reenact":"\x1b[2J"')

    done = project.cli("import", name)

    assert done.exit_code == 1
    assert "\x1b" not in done.stdout + done.stderr


# --- gc


def listed(project: Any) -> set[str]:
    return {run["id"] for run in json.loads(project.cli("ls", "--all", "--json").stdout)["runs"]}


def test_gc_removes_what_ended_long_ago(project: Any) -> None:
    """By default nothing younger than 90 days; what has not ended stays; families go together."""
    project.cli("run", "flows.py:nested", "n=2", "--run-id", "n")
    project.cli("run", "flows.py:fails", "--run-id", "f")
    project.cli("run", "flows.py:ask", "--run-id", "a")
    everything = listed(project)

    young = project.cli("gc")
    tried = project.cli("gc", "--keep", "0d", "--dry-run", "--json")
    after_trying = listed(project)
    one = project.cli("gc", "--keep", "0d", "--workflow", "fails")
    rest = project.cli("gc", "--keep", "0d", "--json", "--compact")

    assert (young.exit_code, tried.exit_code, one.exit_code, rest.exit_code) == (0, 0, 0, 0)
    assert "0 runs" in young.stderr
    assert len(json.loads(tried.stdout)["removed"]) == len(everything) - 1
    assert after_trying == everything
    assert "removed   f  (fails failed)" in one.stdout
    told = json.loads(rest.stdout)
    assert {run["workflow"] for run in told["removed"]} == {"nested", "add"}
    assert told["swept"]["rows"] > 4
    assert listed(project) == {"a"}
    assert project.cli("verify").exit_code == 0


def test_gc_takes_runs_by_name(project: Any) -> None:
    """A run that is named goes whenever it ended; one that has not ended is kept, and that is exit code 1."""
    project.cli("run", "flows.py:greet", "name=x", "--run-id", "g")
    project.cli("run", "flows.py:greet", "name=y", "--run-id", "h")
    project.cli("run", "flows.py:ask", "--run-id", "a")

    done = project.cli("gc", "--run", "g")
    kept = project.cli("gc", "--run", "a")
    unknown = project.cli("gc", "--run", "nope")
    both = project.cli("gc", "--compact", "--dry-run")

    assert [one.exit_code for one in (done, kept, unknown, both)] == [0, 1, 2, 2]
    assert "kept      a  (it is waiting)" in kept.stdout
    assert listed(project) == {"h", "a"}


def test_export_and_import_by_pipe_are_the_same_bytes(project: Any) -> None:
    """What is printed is what is written, so that a pipe into a file makes a file that is whole."""
    project.cli("run", "flows.py:greet", "name=é", "--run-id", "g")
    project.cli("export", "g", "-o", "g.json")

    printed = CliRunner().invoke(root, ["export", "g"]).stdout_bytes

    assert printed == (project.folder / "g.json").read_bytes()
