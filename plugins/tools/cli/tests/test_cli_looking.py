"""``ls``, ``show``, ``tail``, ``plugins``, ``doctor``: they look, and change nothing."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import click
import pytest
from reenact import Plugins, hookimpl
from reenact_cli.root import BUILT_IN, chosen_commands


def told(result: Any) -> Any:
    """Return the JSON that a command printed."""
    return json.loads(result.stdout)


@pytest.mark.parametrize("args", [("ls",), ("recover",), ("doctor",), ("plugins",), ("ls", "--json")])
def test_looking_makes_no_journal(project: Any, args: tuple[str, ...]) -> None:
    """Where there is no journal, looking makes none and is no error."""
    done = project.cli(*args)

    assert done.exit_code == 0, done.output
    assert not project.journal().parent.exists()


@pytest.mark.parametrize("args", [("show", "last"), ("verify",), ("cancel", "x"), ("export", "x"), ("gc",)])
def test_what_needs_a_journal_says_so(project: Any, args: tuple[str, ...]) -> None:
    """Where there is no journal, a command that needs one says where it looked."""
    done = project.cli(*args)

    assert done.exit_code == 2
    assert "there is no journal at" in done.stderr
    assert not project.journal().parent.exists()


def test_ls_filters(project: Any) -> None:
    """Runs are listed newest first, by status, workflow, age and number; child runs only if asked for."""
    project.cli("run", "flows.py:add", "a=1", "--run-id", "one")
    project.cli("run", "flows.py:fails", "--run-id", "two")
    project.cli("run", "flows.py:nested", "n=1", "--run-id", "three")

    def listed(*args: str) -> list[str]:
        return [run["id"] for run in told(project.cli("ls", "--json", *args))["runs"]]

    assert listed() == ["three", "two", "one"]
    assert listed("--status", "failed") == ["two"]
    assert listed("--workflow", "nested") == ["three"]
    assert listed("--limit", "1") == ["three"]
    assert listed("--since", "1h") == ["three", "two", "one"]
    assert len(listed("--all")) == 4
    assert project.cli("ls", "--since", "soon").exit_code == 2


def test_ls_is_a_table(project: Any) -> None:
    """Without --json a row for each run, with no blanks at its end."""
    project.cli("run", "flows.py:ask", "--run-id", "one")

    lines = project.cli("ls").stdout.splitlines()

    assert lines[0].split() == ["id", "workflow", "status", "age", "steps", "tokens", "cost", "waits", "for"]
    assert "waiting" in lines[1]
    assert lines[1].endswith("approve at approve#0")


def test_ls_counts_what_has_come_to_rest(project: Any) -> None:
    """The steps of a run that nobody has run to an end are not said to be none."""
    project.cli("run", "flows.py:add", "a=1", "--run-id", "ended")
    project.cli("run", "flows.py:deadlocked", "n=1", "--run-id", "stuck")

    stuck, ended = project.cli("ls").stdout.splitlines()[1:]

    assert re.search(r"succeeded +[\d.]+ m?s +2$", ended)
    assert re.search(r"running +[\d.]+ m?s +resume: no process has it$", stuck)


def test_show_is_a_tree(project: Any) -> None:
    """A run is shown with its facts and its steps, those of child runs included."""
    project.cli("run", "flows.py:nested", "n=2", "--run-id", "n")

    shown = project.cli("show", "n").stdout
    in_json = told(project.cli("show", "n", "--json"))

    assert "├─ ✓ add#0" in shown
    assert "│  ├─ ✓ double#0" in shown
    assert "└─ ✓ parallel#0[1]/double#0" in shown
    assert "output  10" in shown
    assert in_json["steps"][0]["path"] == "add#0"
    assert len(in_json["children"]) == 1


def test_show_a_step(project: Any) -> None:
    """One step is shown with input, output, attempts and decisions."""
    project.cli("run", "flows.py:add", "a=21", "--run-id", "a")
    project.cli("run", "flows.py:denied", "--run-id", "d")

    step = told(project.cli("show", "a", "double", "--json"))
    denied = project.cli("show", "d", "rm").stdout
    missing = project.cli("show", "a", "doubel#0")

    assert (step["step"]["input"], step["step"]["output"]) == ({"n": 21}, 42)
    assert [one["status"] for one in step["history"]] == ["running", "succeeded"]
    assert "deny by no-rm" in denied
    assert missing.exit_code == 2
    assert "did you mean 'double#0'" in missing.stderr


def test_tail_follows_another_process(project: Any, until: Callable[..., Any]) -> None:
    """What another process does is told while it does it, and tail ends with the run."""
    project.start("run", "flows.py:walk", "--run-id", "w")
    until(lambda: "slow 2" in project.effects())
    following = project.start("tail", "w")
    first = following.stdout.readline()
    (project.folder / "open").touch()
    project.start("cancel", "w")

    rest, _ = following.communicate(timeout=30)

    assert "double#0" in first
    assert "run w cancelled" in rest
    assert following.returncode == 1


def test_tail_as_json_is_lines(project: Any) -> None:
    """With --json each entry is one line, and the run the last."""
    project.cli("run", "flows.py:add", "a=1", "--run-id", "a")

    lines = [json.loads(line) for line in project.cli("tail", "a", "--json").stdout.splitlines()]

    assert [line["seq"] for line in lines[:-1]] == list(range(len(lines) - 1))
    assert lines[-1]["run"]["status"] == "succeeded"


# --- plugins


def test_plugins_shows_offers_and_the_chain(project: Any) -> None:
    """What is installed is listed, and the policies in force in their order."""
    shown = told(project.cli("plugins", "--json"))

    assert ("store", "sqlite", True) in [(o["seam"], o["name"], o["in_use"]) for o in shown["offers"]]
    assert [one["name"] for one in shown["chain"]] == ["no-rm"]


def test_a_chain_that_cannot_be_is_a_problem(project: Any) -> None:
    """A policy that nobody offers is named, by plugins and by doctor."""
    wrong = ("--set", 'policies.chain=["nosuch"]')

    plugins, doctor = project.cli("plugins", *wrong), project.cli("doctor", *wrong)

    assert (plugins.exit_code, doctor.exit_code) == (2, 1)
    assert "nosuch" in plugins.stdout
    assert "nosuch" in doctor.stdout


class Extra:
    """A plugin with commands, one of which would like to be a built-in one."""

    @hookimpl
    def reenact_commands(self) -> Iterable[click.Command]:
        """Offer two."""
        return [click.Command("run", callback=lambda: None), click.Command("extra", callback=lambda: None)]


class Broken:
    """A plugin whose commands cannot be had."""

    @hookimpl
    def reenact_commands(self) -> Iterable[click.Command]:
        """Fail."""
        raise RuntimeError("no \x1b[2Jcommands")


def test_a_plugin_adds_commands_and_replaces_none(capsys: pytest.CaptureFixture[str]) -> None:
    """A command of a plugin is added; one with the name of a built-in command is refused with a warning."""
    found = chosen_commands(Plugins(installed=False, extra=[Extra()]))

    assert list(found) == ["extra"]
    assert "'run'; the built-in one stays" in capsys.readouterr().err


def test_a_plugin_whose_commands_fail_is_left_out() -> None:
    """Commands that cannot be had make their plugin a broken one, and nothing else is lost."""
    plugins = Plugins(installed=False, extra=[Broken(), Extra()])

    found = chosen_commands(plugins)

    assert list(found) == ["extra"]
    assert "RuntimeError" in plugins.broken[0].reason


def test_every_command_has_help_and_the_shared_options(project: Any) -> None:
    """Each command says what it does, and takes --json, --config, --profile, --set and --debug."""
    for name in BUILT_IN:
        shown = project.cli(name, "--help")
        assert shown.exit_code == 0, shown.stderr
        for option in ("--json", "--config", "--profile", "--set", "--debug"):
            assert option in shown.stdout, name


# --- doctor


def test_doctor_says_where_values_came_from(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each value comes with its source: default, file, environment, command line; secrets are not shown."""
    monkeypatch.setenv("REENACT__runtime__lease_s", "7")
    project.append("reenact.toml", '[providers.x]\napi_key = "sk-1234"\nother = { env = "NAME" }\n')

    done = project.cli("doctor", "--json", "--set", "runtime.steps_max=3")

    found = {one["path"]: (one["value"], one["source"]) for one in told(done)["settings"]}
    assert found["runtime.lease_s"] == (7.0, "environment REENACT__runtime__lease_s")
    assert found["runtime.steps_max"] == (3, "command line")
    assert found["runtime.poll_s"] == (0.05, "reenact.toml")
    assert found["runtime.llm_attempts"] == (4, "default")
    assert "sk-1234" not in done.stdout
    assert found["providers.x.other.env"] == ("NAME", "reenact.toml")


def test_doctor_finds_a_typo_in_a_providers_table(project: Any) -> None:
    """And a run does before its first step; a key's own text is not quoted."""
    project.append("reenact.toml", '[providers.openai]\napi_key = "sk-1234"\n')

    done, run = project.cli("doctor"), project.cli("run", "flows.py:add", "a=1")

    for one in (done, run):
        assert "unknown key 'api_key'; did you mean 'key'? in [providers.openai]" in one.output
        assert "sk-1234" not in one.output
    assert (done.exit_code, run.exit_code) == (1, 2)
    assert "succeeded" not in run.output


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (['policies.chain=["budget"]', "policies.budget.limts=[]"], "'limits'? in [policies.budget]"),
        (['policies.chain=["budget"]'], "missing key 'limits' in [policies.budget]"),
        (["watches.determinism.mod=warn"], "'mode'? in [watches.determinism]"),
        (["watches.determinism.mode=loud"], "in [watches.determinism.mode]"),
    ],
)
def test_doctor_finds_what_is_wrong_with_options(project: Any, values: list[str], problem: str) -> None:
    """Those of policies in the chain and of watches are read, as opening them would."""
    done = project.cli("doctor", *(word for value in values for word in ("--set", value)))

    assert problem in done.stdout
    assert done.exit_code == 1


def test_doctor_finds_a_policy_that_is_never_asked(project: Any) -> None:
    """A policy with options that is not in the chain guards nothing, and that is said."""
    options = ("--set", "policies.budget.limits=[{tokens=1}]")

    idle = project.cli("doctor", *options)
    asked = project.cli("doctor", *options, "--set", 'policies.chain=["budget"]')

    assert "budget is not in policies.chain" in " ".join(idle.stdout.split())
    assert "is not in policies.chain" not in " ".join(asked.stdout.split())


@pytest.mark.parametrize(
    ("version", "others", "level"),
    [
        ("3.51.2", 1, "warning"),
        ("3.7.0", 2, "warning"),
        ("3.51.2", 0, "ok"),
        ("3.51.3", 2, "ok"),
        ("3.6.23", 2, "ok"),
    ],
)
def test_doctor_knows_the_wal_reset_bug(
    project: Any, monkeypatch: pytest.MonkeyPatch, version: str, others: int, level: str
) -> None:
    """A SQLite with the bug is a warning when other processes use the file; the version is always told."""
    project.cli("run", "flows.py:greet", "name=x")
    monkeypatch.setattr(sqlite3, "sqlite_version", version)
    monkeypatch.setattr("reenact_cli.checking.processes_with", lambda file: list(range(others)))

    findings = told(project.cli("doctor", "--json"))["findings"]

    (found,) = [one for one in findings if one["about"] == "sqlite"]
    assert found["level"] == level
    assert version in found["text"]


def test_doctor_counts_other_processes(project: Any, until: Callable[..., Any]) -> None:
    """A process that has the journal open is found."""
    from reenact_cli.checking import processes_with

    running = project.start("run", "flows.py:walk")
    until(lambda: "slow 2" in project.effects())

    assert processes_with(project.journal()) == [running.pid]


def test_doctor_sees_open_files_and_weak_levels(project: Any) -> None:
    """Files that others can read, and levels that may lose something, are warnings, not problems."""
    project.cli("run", "flows.py:greet", "name=x")
    project.journal().chmod(0o644)

    done = project.cli("doctor", "--json", "--set", "journal.synchronous=normal")

    levels = {one["about"]: one["level"] for one in told(done)["findings"]}
    assert done.exit_code == 0
    assert levels["permissions"] == "warning"
    assert levels["durability"] == "warning"


def test_doctor_finds_a_damaged_journal(project: Any) -> None:
    """A journal that is no database is a problem, and is left as it is."""
    project.journal().parent.mkdir()
    project.journal().write_bytes(b"no database" * 1000)

    done = project.cli("doctor")

    assert done.exit_code == 1
    assert "damaged or no SQLite database" in done.stdout
    assert project.journal().read_bytes() == b"no database" * 1000
