"""Fills the tables of the reference pages from the code, or with ``--check`` says where they differ.

.. code-block:: console

    $ python docs/reference/fill_reference.py
    $ python docs/reference/fill_reference.py --check

What is between ``<!-- keys: MODULE:CLASS -->`` and ``<!-- end -->`` is made by this script; what
is around it is written by hand. `MAKERS` has a word for each kind of region.
"""

import importlib
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import click
from name_tables import classes_part, function_part, methods_part
from option_tables import HEAD, Row, UnexplainedError, differences, markdown, read_rows, rows_of
from reenact.plugins import Offered, Plugins
from reenact_http import Vendor

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGES = ("configuration.md", "authoring.md")

_REGION = re.compile(
    r"^<!-- (?P<kind>[a-z-]+)(?:: (?P<what>[^\n]+))? -->\n(?P<body>.*?)^<!-- end -->$", re.M | re.S
)


@attrs.frozen
class Region:
    """A part of a page that is made from the code.

    Attributes:
        kind: How it is made, a key of `MAKERS`.
        what: What it is made from.
        body: What stands there.
    """

    kind: str
    what: str
    body: str

    @property
    def made(self) -> str:
        """What ought to stand there.

        Raises:
            UnexplainedError: If the code does not say enough of it.
        """
        return MAKERS[self.kind](self.what)

    def problems(self) -> list[str]:
        """Return in words where the page and the code differ."""
        try:
            made = self.made
        except UnexplainedError as error:
            return [f"{self.kind} {self.what}: {error}"]
        if made == self.body:
            return []
        found = differences(read_rows(self.body), read_rows(made)) if self.kind == "keys" else []
        return [f"{self.kind} {self.what}: {one}" for one in found or [f"it has to be\n{made}"]]


def regions(text: str) -> Iterator[Region]:
    """Yield the regions of a page."""
    for match in _REGION.finditer(text):
        yield Region(match["kind"], match["what"] or "", match["body"])


def filled(text: str) -> str:
    """Return a page with its regions made anew."""

    def anew(match: re.Match[str]) -> str:
        region = Region(match["kind"], match["what"] or "", match["body"])
        start = match.start("body") - match.start()
        return f"{match[0][:start]}{region.made}<!-- end -->"

    return _REGION.sub(anew, text)


def main(arguments: list[str]) -> int:
    """Fill the pages, or check them; return the exit code."""
    if arguments not in ([], ["--check"]):
        print(f"usage: {Path(__file__).name} [--check]", file=sys.stderr)
        return 2
    found = [
        f"{page.name}: {one}"
        for page in map(HERE.joinpath, PAGES)
        for one in _work(page, check=bool(arguments))
    ]
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


def _work(page: Path, *, check: bool) -> list[str]:
    """Fill a page, or check it; return what is wrong."""
    text = page.read_text(encoding="utf-8")
    if check:
        return [problem for region in regions(text) for problem in region.problems()]
    try:
        page.write_text(filled(text), encoding="utf-8")
    except UnexplainedError as error:
        return [str(error)]
    return []


# --- what regions are made of ---------------------------------------------------------------------


def classes_of(what: str) -> list[tuple[type[Any], set[str]]]:
    """Return the classes that ``MODULE:CLASS -FIELD …`` names, each with the fields that are no keys."""
    found: list[tuple[type[Any], set[str]]] = []
    for word in what.split():
        if word.startswith("-"):
            found[-1][1].add(word[1:])
        else:
            module, _, name = word.partition(":")
            found.append((getattr(importlib.import_module(module), name), set()))
    return found


def _keys(what: str) -> str:
    rows: list[Row] = [row for cls, without in classes_of(what) for row in rows_of(cls, without)]
    return _lines([*HEAD, *map(str, rows)])


def shipped(seam: Any = None) -> list[Offered]:
    """Return what the plugins of this repository offer, whatever else is installed."""
    own = {
        tomllib.loads(file.read_text())["project"]["name"] for file in ROOT.glob("plugins/*/*/pyproject.toml")
    }
    return [one for one in Plugins().offers(seam) if one.distribution.split()[0] in own]


def vendors() -> list[Any]:
    """Return the vendors of the providers that ask one: names, addresses, variables of keys."""
    found = []
    for offered in shipped("provider"):
        module = importlib.import_module(offered.offer.options.__module__)
        # The first one is the vendor's own; others of its name are other hosts of the same.
        found += [one for one in vars(module).values() if isinstance(one, Vendor)][:1]
    return found


def _vendors(_: str) -> str:
    keys = {one.name: f"`{one.key_env}`" if one.key_env else "none" for one in vendors()}
    rows = [f"| `{one.name}` | `{one.base_url}` | {keys[one.name]} |" for one in vendors()]
    return _lines(["| provider | address | variable of the key |", "|---|---|---|", *rows])


def _offers(seam: str) -> str:
    rows = [
        f"| `{one.offer.name}` | `{one.distribution.split()[0]}` | {one.offer.doc} |" for one in shipped(seam)
    ]
    return _lines(["| name | distribution | what it is |", "|---|---|---|", *rows])


def _choices(what: str) -> str:
    ((enum, _),) = classes_of(what)
    return _lines([", ".join(f"`{member}`" for member in enum)])


def _commands(_: str) -> str:
    from reenact_cli.session import Verb

    rows = []
    for option in (one for one in Verb("any").params if isinstance(one, click.Option)):
        takes = f" {option.metavar}" if option.metavar else ""
        many = "; may be given several times" if option.multiple else ""
        rows.append(f"| `{option.opts[0]}{takes}` | {(option.help or '').rstrip('.')}{many}. |")
    return _lines(["| option | meaning |", "|---|---|", *rows])


class _Parser:
    """Takes down what `pytest_addoption` asks pytest for."""

    def __init__(self) -> None:
        self.options: list[tuple[str, Mapping[str, Any]]] = []
        self.ini: list[tuple[str, str, Mapping[str, Any]]] = []

    def getgroup(self, *_: str) -> "_Parser":
        return self

    def addoption(self, name: str, **said: Any) -> None:
        self.options.append((name, said))

    def addini(self, name: str, help: str, **said: Any) -> None:  # noqa: A002  # as pytest has it
        self.ini.append((name, help, said))


def _asked_of_pytest() -> _Parser:
    from pytest_reenact.plugin import pytest_addoption

    parser = _Parser()
    pytest_addoption(parser)  # type: ignore[arg-type]  # all that it uses of one
    return parser


def _pytest_options(_: str) -> str:
    rows = []
    for name, said in _asked_of_pytest().options:
        takes = said.get("metavar") or "|".join(said.get("choices", ()))
        default = f"`{said['default']}`" if "default" in said else "not set"
        spelled = f"{name} {takes}".strip().replace("|", "\\|")
        rows.append(f"| `{spelled}` | {default} | {_sentence(said['help'])} |")
    return _lines(["| option | default | meaning |", "|---|---|---|", *rows])


def _pytest_ini(_: str) -> str:
    rows = []
    for name, meaning, said in _asked_of_pytest().ini:
        kind = "lines" if said.get("type") == "linelist" else "string"
        default = f"`{said['default']}`" if "default" in said else "none"
        rows.append(f"| `{name}` | {kind} | {default} | {_sentence(meaning)} |")
    return _lines(["| key | type | default | meaning |", "|---|---|---|---|", *rows])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{markdown(text[1:])}."


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


MAKERS: dict[str, Callable[[str], str]] = {
    "keys": _keys,
    "choices": _choices,
    "offers": _offers,
    "vendors": _vendors,
    "command-options": _commands,
    "pytest-options": _pytest_options,
    "pytest-ini": _pytest_ini,
    "function": function_part,
    "methods": methods_part,
    "classes": classes_part,
}
"""How each kind of region is made."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
