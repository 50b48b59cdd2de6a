"""`docs/how-to/write-a-provider.md`, followed to the letter, in a fresh environment without a network."""

import base64
import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "how-to" / "write-a-provider.md").read_text(encoding="utf-8")
NEEDED = ("reenact", "reenact-http", "pytest-reenact", "hatchling", "editables")
NAME = re.compile(r"[A-Za-z0-9._-]+")


def files() -> dict[str, str]:
    """Return the files that the page has the reader write."""
    found = re.findall(r"^File `([^`]+)`:\n\n```\w+\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return dict(found)


def commands() -> list[str]:
    """Return the commands that the page has the reader run, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


# --- an index of what is installed here -----------------------------------------------------------


def closure() -> list[Distribution]:
    """Return the distributions that the page has the reader install, and what they need."""
    found: dict[str, Distribution] = {}
    todo = list(NEEDED)
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or Python
        todo += [_name(one) for one in found[name].requires or () if "extra ==" not in one]
    return list(found.values())


def _name(requirement: str) -> str:
    match = NAME.match(requirement)
    assert match is not None
    return match[0]


def packed(one: Distribution, into: Path) -> None:
    """Pack what is installed as the wheel it came from; a project of this repository from its sources."""
    content = dict(_content(one))
    (info,) = {name.split("/")[0] for name in content if name.split("/")[0].endswith(".dist-info")}
    tags = re.findall(r"^Tag: (.+)$", content[f"{info}/WHEEL"].decode(), re.MULTILINE)
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in content.items())
    content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(into / f"{info.removesuffix('.dist-info')}-{_joined(tags)}.whl", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


def _joined(tags: list[str]) -> str:
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    return "-".join(".".join(dict.fromkeys(part)) for part in parts)


def _content(one: Distribution) -> Iterator[tuple[str, bytes]]:
    kept = [file for file in one.files or () if not _is_left_out(str(file))]
    for file in kept:
        yield str(file), Path(str(file.locate())).read_bytes()
    source = _source(one)
    for path in sorted(source.rglob("*")) if source else ():
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(source).as_posix(), path.read_bytes()


LEFT_OUT = (".pyc", ".pth", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


def _is_left_out(name: str) -> bool:
    return name.startswith("..") or name.endswith(LEFT_OUT)


def _source(one: Distribution) -> Path | None:
    """Return where the modules of a project of this repository are; None for any other."""
    for project in [*ROOT.glob("core/pyproject.toml"), *ROOT.glob("plugins/*/*/pyproject.toml")]:
        if tomllib.loads(project.read_text(encoding="utf-8"))["project"]["name"] == one.name:
            return project.parent / "src"
    return None


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    """An environment in which pip finds what is installed here, and nothing else."""
    index = tmp_path / "index"
    index.mkdir()
    for one in closure():
        packed(one, index)
    foreign = ("PIP_", "PYTHON", "REENACT", "ACME")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept.pop("VIRTUAL_ENV", None)
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_NO_COMPILE": "1",
    }


# --- the page -------------------------------------------------------------------------------------


def test_the_page_makes_a_plugin(tmp_path: Path, offline: dict[str, str]) -> None:
    """Its files and its commands, as they stand, make a plugin that passes the suite and is found."""
    folder = tmp_path / "reenact-acme"
    for name, text in files().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    said = []
    for command in commands():
        done = subprocess.run(  # noqa: S602  # the page is ours
            command, shell=True, cwd=folder, env=offline, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        said.append(done.stdout)

    suite, providers = said[3], said[4]
    assert re.search(r"\d{3} passed", suite)
    assert "reenact-acme 0.1.0" in providers
    assert "in ACME_API_KEY, which is not set" in providers
    assert "by acme, reenact-acme 0.1.0" in providers
