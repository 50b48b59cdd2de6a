"""``init``, ``export``, ``backup``, ``verify``: what is written, and whether it is what was written."""

import hashlib
import json
import re
import sqlite3
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from reenact.config import load
from reenact.records import checksum


class Told(msgspec.Struct):
    """A row of an export, its entry as it stands."""

    checksum: str
    entry: msgspec.Raw


class Document(msgspec.Struct):
    """An export, as far as it is read here."""

    entries: list[Told]
    blobs: list[dict[str, Any]]
    children: list[dict[str, Any]]


def test_an_export_is_whole(project: Any) -> None:
    """An export has the run, its children and all content, and its rows verify from the file alone."""
    long = "ä" * 5000
    project.cli("run", "flows.py:nested", "n=2", "--run-id", "n")
    project.cli("run", "flows.py:greet", f"name={long}", "--run-id", "g")

    done = project.cli("export", "n", "--out", "n.json")
    piped = project.run("export", "g").stdout

    document = msgspec.json.decode((project.folder / "n.json").read_bytes(), type=Document)
    before = b""
    for row in document.entries:
        before = checksum(before, bytes(row.entry))
        assert row.checksum == before.hex()
    assert done.exit_code == 0
    assert len(document.children) == 1
    content = json.loads(piped)["blobs"]
    assert any(long in json.dumps(blob["data"], ensure_ascii=False) for blob in content)
    assert all(
        hashlib.sha256(json.dumps(b["data"], ensure_ascii=False).encode()).hexdigest() == b["hash"]
        for b in content
    )


def test_an_export_is_private_and_overwrites_nothing(project: Any) -> None:
    """The file is its owner's alone; one that exists stays, unless told otherwise; a link is not followed."""
    project.cli("run", "flows.py:greet", "name=x", "--run-id", "g")
    out, link, goal = (project.folder / name for name in ("out.json", "link.json", "goal"))
    link.symlink_to(goal)

    first = project.cli("export", "g", "--out", "out.json")
    second = project.cli("export", "g", "--out", "out.json")
    forced = project.cli("export", "g", "--out", "out.json", "--force", "--json")
    linked = project.cli("export", "g", "--out", "link.json")

    assert [one.exit_code for one in (first, second, forced, linked)] == [0, 1, 0, 1]
    assert "--force" in second.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(forced.stdout)["entries"] == 2
    assert not goal.exists()
    assert not list(project.folder.glob("*.part"))


def test_a_backup_verifies(project: Any) -> None:
    """A copy of the journal is a journal."""
    project.cli("run", "flows.py:add", "a=1", "--run-id", "a")

    done = project.cli("backup", "copy.db")
    again = project.cli("backup", "copy.db")
    verified = project.cli("verify", "--json", "--set", "journal.path=copy.db")

    assert (done.exit_code, again.exit_code) == (0, 1)
    assert json.loads(verified.stdout)["whole"] is True


def test_verify_names_what_was_changed(project: Any) -> None:
    """A byte changed in one run is found and named; the other run is whole, and only that one is exported."""
    project.cli("run", "flows.py:greet", "name=Ada", "--run-id", "good")
    project.cli("run", "flows.py:greet", "name=Bob", "--run-id", "bad")
    with sqlite3.connect(project.journal()) as db:
        db.execute("UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'Bob', 'Eve') AS BLOB)")
    db.close()

    everything = project.cli("verify")
    good = project.cli("verify", "good")
    in_json = json.loads(project.cli("verify", "--all", "--json").stdout)
    exports = [project.cli("export", name).exit_code for name in ("good", "bad")]

    assert (everything.exit_code, good.exit_code) == (1, 0)
    assert "run bad: row 0 was changed" in everything.stdout
    assert "1 of 2 runs" in everything.stdout
    assert in_json["whole"] is False
    assert exports == [0, 1]


def test_init_makes_a_project_that_runs(tmp_path: Path, project: Any) -> None:
    """What init writes is a valid configuration and, with the scripted provider, an example that runs."""
    folder = tmp_path / "new"

    done = project.cli("init", str(folder))

    assert done.exit_code == 0
    assert load(folder / "reenact.toml").journal_options["synchronous"] == "full"
    pytest.importorskip("reenact_scripted")
    assert type(project)(folder).ok("run", "example.py:hello", "name=Ada") == "Hello, and welcome.\n"


def test_the_remark_on_keys_is_right(tmp_path: Path, project: Any) -> None:
    """What init says of keys is what a provider takes."""
    folder = tmp_path / "new"
    project.cli("init", str(folder))
    file = folder / "reenact.toml"

    (line,) = re.findall(r"# (key = .*)\.$", file.read_text(encoding="utf-8"), re.MULTILINE)
    with file.open("a", encoding="utf-8") as out:
        out.write(f"[providers.openai]\n{line}\n")

    assert project.cli("doctor", "--config", str(file)).exit_code == 0


def test_init_overwrites_nothing(project: Any, tmp_path: Path) -> None:
    """A file that exists is left alone, and then nothing is written at all."""
    before = (project.folder / "reenact.toml").read_text()
    other = tmp_path / "other"
    other.mkdir()
    (other / "example.py").write_text("mine")

    here, there = project.cli("init"), project.cli("init", str(other))
    bare = project.cli("init", str(other), "--bare", "--json")

    assert (here.exit_code, there.exit_code, bare.exit_code) == (2, 2, 0)
    assert (project.folder / "reenact.toml").read_text() == before
    assert (other / "example.py").read_text() == "mine"
    assert json.loads(bare.stdout)["written"] == ["reenact.toml"]
