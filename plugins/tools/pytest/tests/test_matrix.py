"""The plugin's own tests, on every pytest and Python that it supports, in environments of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
PARTS = (
    "core",
    "plugins/stores/sqlite",
    "plugins/providers/scripted",
    "plugins/tools/cli",
    "plugins/tools/pytest",
)
TESTS = ("test_clock", "test_runtime_fixture", "test_mock_llm", "test_plugin", "test_recording")
BESIDE = ("pytest-asyncio", "anyio", "pytest-xdist", "pytest-randomly", "pydantic")
TIMEOUT_S = 1800


def python(version: str) -> str | None:
    """Return the Python of that version, on the path or where pyenv keeps it."""
    found = shutil.which(f"python{version}")
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    kept = sorted(root.glob(f"{version}.*/bin/python"))
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return sys.executable
    return str(kept[-1]) if kept else found


def uv() -> str | None:
    """Return uv, which makes environments from what it has downloaded before."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


@pytest.mark.sweep
@pytest.mark.parametrize("pytests", ["pytest~=8.3", "pytest~=9.0"])
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_its_tests_pass(version: str, pytests: str, tmp_path: Path) -> None:
    """The tests of the fixtures pass, with the other plugins installed beside."""
    interpreter, tool = python(version), uv()
    if interpreter is None or tool is None:
        pytest.skip(f"needs Python {version} and uv")
    environment = tmp_path / "venv"
    inside = str(environment / "bin" / "python")
    editable = [word for part in PARTS for word in ("-e", str(ROOT / part))]
    for command in (
        [tool, "venv", "-q", "-p", interpreter, str(environment)],
        [
            tool,
            "pip",
            "install",
            "-q",
            "-p",
            str(environment / "bin" / "python"),
            pytests,
            *BESIDE,
            *editable,
        ],
    ):
        subprocess.run(command, cwd=tmp_path, check=True, timeout=TIMEOUT_S)
    tests = [str(ROOT / "plugins" / "tools" / "pytest" / "tests" / f"{name}.py") for name in TESTS]
    options = ["-c", os.devnull, "--rootdir", str(ROOT), "--import-mode=importlib", "-p", "pytester"]
    options += ["-o", "asyncio_mode=auto", "-p", "no:randomly", "-p", "no:cacheprovider", "-n", "2"]

    ended = subprocess.run(
        [inside, "-m", "pytest", "-q", *options, *tests],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )

    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-2000:]
