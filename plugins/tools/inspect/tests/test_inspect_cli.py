"""``diff``, ``why`` and ``check`` as they are typed: on a real journal, in a pipe and on a terminal."""

import json
import os
import pty
import re
import subprocess
import sys
import time

import pytest
from rich.cells import cell_len

from .conftest import CONFIG, FLOWS, OWNED, Project

# --- diff


def test_diff_shows_where_two_runs_part(project: Project) -> None:
    """First the figures, then the first difference and its cause, then every step that differs."""
    project.run("handle", "ticket=T-1", run_id="a")
    project.change("tone", "anger")
    project.change("inserted", "")
    project.run("handle", "ticket=T-1", run_id="b")

    shown = project.cli("diff", "a", "b").stdout

    assert "steps     2          3          +1" in shown
    assert "first difference\n  + fetch#1  step · flows.py:" in shown
    assert "the code or its configuration asks otherwise (inferred)" in shown
    assert "  ~ draft#0  input" in shown
    assert "- Answer in the first tone.\n" in shown
    assert "+ Answer in anger.\n" in shown
    assert "\x1b" not in shown


def test_steps_are_counted_alike_everywhere(project: Project) -> None:
    """ls, diff and show have the same number: what succeeded; child runs' steps are counted beside it."""
    project.run("mixed", run_id="a")
    project.run("mixed", run_id="b")
    project.cli("fork", "b", "--at", "fetch")

    listed = {run["id"]: run["steps"] for run in project.json("ls", "--all")["runs"]}
    diffed = project.json("diff", "a", "last")
    heading = project.cli("show", "a").stdout.splitlines()[0]
    heading_of_fork = project.cli("show", "last").stdout.splitlines()[0]

    assert (listed["a"], listed["b"]) == (2, 2)
    assert [diffed[side]["steps"] for side in ("a", "b")] == [2, 1]
    assert [diffed[side]["steps_below"] for side in ("a", "b")] == [2, 2]
    assert diffed["b"]["id"] in listed
    assert listed[diffed["b"]["id"]] == 1
    assert "2 steps and 2 in child runs" in heading
    assert "1 step" in heading_of_fork


def test_diff_of_a_run_with_itself_says_so(project: Project) -> None:
    """And takes what other commands take for a run."""
    project.run("handle", "ticket=T-1", run_id="first-run")
    project.run("handle", "ticket=T-1", run_id="second-run")

    assert "the runs are the same" in project.cli("diff", "first", "last").stdout
    assert project.json("diff", "first-run", "last")["same"] is True


def test_diff_exits_with_3_only_if_asked_to(project: Project) -> None:
    """Two runs that differ are no failure of the command."""
    project.run("handle", "ticket=T-1", run_id="a")
    project.run("handle", "ticket=T-2", run_id="b")

    assert project.cli("diff", "a", "b").exit_code == 0
    assert project.cli("diff", "a", "b", "--exit-code").exit_code == 3
    assert project.cli("diff", "a", "a", "--exit-code").exit_code == 0
    assert project.cli("diff", "a", "b", "fetch", "--exit-code").exit_code == 3


def test_diff_of_one_step(project: Project) -> None:
    """A path shows that step only; one that neither has is an error with the nearest name."""
    project.run("handle", "ticket=T-1", run_id="a")
    project.run("handle", "ticket=T-2", run_id="b")

    shown = project.cli("diff", "a", "b", "fetch").stdout
    told = project.json("diff", "a", "b", "fetch")
    missing = project.cli("diff", "a", "b", "fetsh#0")

    assert "- T-1" in shown
    assert "draft" not in shown
    assert told["input"] == [
        {"at": "$.ticket", "how": "changed", "a": "T-1", "b": "T-2", "text": "-T-1\n+T-2"}
    ]
    assert missing.exit_code == 2
    assert "did you mean 'fetch#0'" in missing.stderr


def test_diff_of_many_steps_stops_in_time(project: Project) -> None:
    """The rest is counted, and shown if it is asked for."""
    project.change(
        "flows.py",
        FLOWS + "\n@workflow\nasync def many(n: int) -> None:\n"
        "    for i in range(60):\n        await fetch(f'{n} {i}')\n",
    )
    project.run("many", "n=1", run_id="a")
    project.run("many", "n=2", run_id="b")

    short, full = (project.cli("diff", "a", "b", *more).stdout for more in ([], ["--full"]))

    assert "more steps differ; --full shows them" in short
    assert full.count("    ticket\n") == 60 > short.count("    ticket\n")


# --- why


def test_why_shows_what_led_to_a_step(project: Project) -> None:
    """And says what of it is certain and what is inferred."""
    project.run("asks", "question=x", run_id="a")

    shown = project.cli("why", "a", "handle#0/draft").stdout
    told = project.json("why", "a", "handle#0/draft#0")

    assert "← handle#0/fetch#0" in shown
    assert "text in messages[0]" in shown
    assert "← input of handle#0" in shown
    assert "certain   1 outcome came in before it was asked for" in shown
    assert [one["path"] for one in told["reasons"]] == ["handle#0/draft#0", "handle#0/fetch#0", "handle#0"]


def test_why_of_a_result_that_is_not_there(project: Project) -> None:
    """A run that waits has returned nothing yet."""
    project.run("asks", "question=x", run_id="a")

    done = project.cli("why", "a")

    assert done.exit_code == 2
    assert "has not returned anything; name a step of it" in done.stderr


# --- check


def test_check_tries_all_runs_that_have_not_ended(project: Project) -> None:
    """Their child runs too; each that diverges is shown with both inputs and both places; exit 3."""
    project.run("asks", "question=x", run_id="one")
    project.run("asks", "question=y", run_id="two")
    good = project.cli("check")
    project.change("question", "really?")

    bad = project.cli("check", "--unfinished")
    told = project.json("check", code=3)

    assert good.exit_code == 0, good.output
    assert "✓ 4 of 4 runs agree with this code" in good.stdout
    assert bad.exit_code == 3
    assert re.search(
        r"then signal approve#0  flows\.py:\d+\n +now  signal approve#0  flows\.py:\d+", bad.stdout
    )
    assert "- the first question" in bad.stdout
    assert "+ really?" in bad.stdout
    assert "in the same way: two" in bad.stdout
    assert told["counts"] == {"agrees": 2, "diverges": 2, "unchecked": 0}


def test_check_of_named_runs(project: Project) -> None:
    """Runs that have ended are tried as well as others."""
    project.run("handle", "ticket=T-1", run_id="a")
    project.run("handle", "ticket=T-2", run_id="b")
    project.change("tone", "anger")

    assert project.cli("check", "a").exit_code == 3
    assert project.cli("check").stdout == "there are no runs to check\n"
    assert project.cli("check", "--all").exit_code == 3
    assert project.cli("check", "nowhere").exit_code == 2
    assert project.cli("check", "a", "--all").exit_code == 2


def test_check_takes_code_from_where_it_is_told_to(project: Project) -> None:
    """What a journal names is only run from inside the project; --module names any other place."""
    project.run("handle", "ticket=T-1", run_id="a")
    (project.folder / "flows.py").rename(project.folder / "moved.py")
    del sys.modules["flows"]

    lost = project.process("check", "a")
    found = project.process("check", "a", "--module", "moved.py")

    assert lost.returncode == 1
    assert "could not be tried" in lost.stdout
    assert "there is no file" in lost.stdout
    assert found.returncode == 0, found.stdout


def test_check_opens_no_provider_no_policy_and_no_exporter(project: Project) -> None:
    """So that it runs where nothing of that is installed, and no journal is made."""
    project.run("handle", "ticket=T-1", run_id="a")
    project.change("reenact.toml", CONFIG.replace("answers.toml", "gone.toml") + "[exporters.gone]\n")

    assert project.cli("check", "a").exit_code == 0
    (project.folder / ".reenact" / "journal.db").unlink()
    assert project.cli("check").exit_code == 2
    assert not (project.folder / ".reenact" / "journal.db").exists()


# --- all three


@pytest.mark.parametrize("name", ["diff", "why", "check"])
def test_they_are_commands_like_any_other(project: Project, name: str) -> None:
    """They have help, the shared options, and errors as JSON."""
    shown = project.cli(name, "--help").stdout
    failed = project.cli(name, "x", *(["y"] if name == "diff" else []), "--json")

    for option in ("--json", "--config", "--profile", "--set", "--debug"):
        assert option in shown
    assert failed.exit_code == 2
    assert "there is no journal at" in json.loads(failed.stdout)["error"]["message"]
    assert f"  {name} " in project.cli("--help").stdout
    assert f"did you mean {name!r}" in project.cli(f"{name}x").stderr


@pytest.mark.parametrize("name", ["diff", "why", "check"])
def test_they_load_no_plugin_but_their_own(project: Project, name: str) -> None:
    """A command that is found by its name imports neither providers nor policies."""
    code = (
        "import sys\nfrom reenact_cli.root import root\n"
        f"assert root.get_command(None, {name!r}).name == {name!r}\n"
        "loaded = [one for one in sys.modules if one.startswith('reenact_')]\n"
        "assert 'reenact_inspect' in loaded\n"
        "assert not {'reenact_openai', 'reenact_pii', 'httpx'} & {*sys.modules}, loaded\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr


def test_text_of_a_journal_is_only_text(project: Project) -> None:
    """Controls, markup and bidi marks are spelled out, in words and in JSON."""
    project.run("hostile", "more=1", run_id="a")
    project.run("hostile", "more=2", run_id="b")

    for args in (["diff", "a", "b"], ["why", "a"], ["why", "a", "evil#1"], ["diff", "a", "b", "--json"]):
        shown = project.cli(*args).stdout
        assert not [mark for mark in OWNED if mark in shown], args


@pytest.mark.parametrize("columns", [60, 80])
def test_on_a_terminal_lines_fit_and_are_coloured(project: Project, columns: int) -> None:
    """No line is wider than the terminal, nothing that is hostile reaches it, and there is colour."""
    project.run("hostile", "more=" + "a long word of it " * 20, run_id="a")
    project.run("hostile", "more=" + "a long 言葉 of it " * 20, run_id="b")

    for args in (["diff", "a", "b"], ["why", "a"]):
        screen = on_a_terminal(project, columns, *args)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", screen)
        assert "\x1b[" in screen
        assert [line for line in plain.split("\r\n") if cell_len(line) > columns] == []
        assert not [mark for mark in (*OWNED, "\x1b") if mark in plain]


def on_a_terminal(project: Project, columns: int, *args: str) -> str:
    """Run the command on a pseudo-terminal and return what it wrote."""
    master, slave = pty.openpty()
    environ = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "30"}
    process = subprocess.Popen(
        [sys.executable, "-m", "reenact_cli.main", *args],
        cwd=project.folder,
        stdout=slave,
        stderr=slave,
        stdin=slave,
        env=environ,
    )
    os.close(slave)
    screen = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        screen += piece
    os.close(master)
    assert process.wait(timeout=30) == 0, screen
    return screen.decode()


# --- exported runs


def test_check_of_a_folder_of_exported_runs(project: Project) -> None:
    """They are verified, taken into memory and replayed; a file that is none stops no other."""
    project.run("asks", "question=x", run_id="one")
    project.run("handle", "ticket=T-1", run_id="two")
    folder = project.folder / "runs"
    folder.mkdir()
    for name in ("one", "two"):
        assert project.cli("export", name, "--out", str(folder / f"{name}.json")).exit_code == 0
    (project.folder / ".reenact" / "journal.db").unlink()

    good = project.cli("check", "runs")
    one = project.cli("check", str(folder / "two.json"))
    (folder / "broken.json").write_text("{}")
    broken = project.cli("check", "runs")
    project.change("tone", "anger")
    bad = project.json("check", "runs", code=3)

    assert good.exit_code == 0, good.output
    assert "3 of 3 runs agree" in good.stdout
    assert "1 of 1 run agrees" in one.stdout
    assert broken.exit_code == 1
    assert "? broken.json" in broken.stdout
    assert bad["counts"] == {"agrees": 1, "diverges": 2, "unchecked": 1}
    assert not (project.folder / ".reenact" / "journal.db").exists()


def test_check_of_exported_runs_needs_what_reads_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where that is not installed it says what to install; a folder without any is an error, too."""
    monkeypatch.setitem(sys.modules, "reenact_portable", None)
    (project.folder / "runs").mkdir()

    empty = project.cli("check", "runs")
    (project.folder / "runs" / "one.json").write_text("{}")
    missing = project.cli("check", "runs")
    mixed = project.cli("check", "runs", "last")

    assert (empty.exit_code, missing.exit_code, mixed.exit_code) == (2, 2, 2)
    assert "there is no exported run (.json) in runs" in empty.stderr
    assert "pip install reenact-portable" in missing.stderr
    assert "not both" in mixed.stderr
