"""The SDLC example after one agent's prompt was changed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "sdlc"


def test_only_the_changed_agent_is_asked_again(tmp_path: Path) -> None:
    """The coders answer as before, so that nothing after them runs; what that saves is printed."""
    folder = shutil.copytree(
        EXAMPLE, tmp_path / "sdlc", ignore=shutil.ignore_patterns(".reenact", ".ruff_cache")
    )
    config = folder / "reenact.toml"
    config.write_text(config.read_text().replace("latency_s = 0.4", "latency_s = 0"))
    told = subprocess.run(
        [sys.executable, "rerun.py"],
        cwd=folder,
        env={**os.environ, "SDLC_WORK": str(tmp_path / "work")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()

    steps = {
        line[:10].strip(): [int(n) for n in re.findall(r"(\d+) (?:steps|calls)", line)] for line in lines
    }
    assert steps["first run"] == [22, 7]
    assert steps["re-run"] == [4, 4]
    assert steps["saved"] == [18, 3]
    assert "(llm code)" in lines[1]
    assert lines[-1] == "same outcome"
