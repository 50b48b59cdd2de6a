"""Whose code is whose: what the user's code does is found, and what others do is put down to his line."""

import logging
import sys
import time
import types
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from reenact import workflow
from reenact.opening import load_module
from reenact_determinism import Determinism, DeterminismOptions
from reenact_determinism.places import Places

from conftest import Opened

log = logging.getLogger("flow")


@pytest.fixture
def watch() -> Iterator[Determinism]:
    with Determinism(told=lambda _: None) as made:
        yield made


class Fancy(logging.Handler):
    """A handler of the user's that reads the clock."""

    def emit(self, record: logging.LogRecord) -> None:
        time.time()


@workflow
async def talks() -> None:
    log.warning("at %s", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("careful", stacklevel=1)
    try:
        raise ValueError
    except ValueError:
        log.exception("it broke")


async def test_what_logging_does_is_nobodys_business(opened: Opened, watch: Determinism) -> None:
    """Nor what it calls, be it the user's."""
    handler = Fancy()
    log.addHandler(handler)
    try:
        async with opened(watches=[watch]) as runtime:
            await runtime.run(talks)
    finally:
        log.removeHandler(handler)

    assert watch.findings == ()


SETTINGS = """
import os
import time
HOME = os.environ.get("HOME")
STARTED = time.time()

def now():
    return time.time()
"""


@workflow
async def imports() -> None:
    import late_settings  # type: ignore[import-not-found]  # written by the test

    late_settings.now()


async def test_what_a_module_does_when_it_is_imported_is_no_workflow(
    opened: Opened, watch: Determinism, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it imported late; what its functions do is."""
    (tmp_path / "late_settings.py").write_text(SETTINGS)
    monkeypatch.syspath_prepend(str(tmp_path))
    async with opened(watches=[watch]) as runtime:
        await runtime.run(imports)
    del sys.modules["late_settings"]

    (found,) = watch.findings
    assert (Path(found.lines[0].file).name, found.lines[0].line) == ("late_settings.py", 8)


LIBRARY = """
import time
def stamp():
    return _stamp()
def _stamp():
    return time.time()
"""
INSTALLED_FLOW = """
import time
from acme_lib import stamp
from reenact import step, workflow
@step
async def work() -> None: ...
@workflow
async def installed_flow() -> None:
    time.time()
    stamp()
    await work()
"""


def install(folder: Path, **modules: str) -> Path:
    """Write modules into a folder as installers make it."""
    packages = folder / "site-packages"
    packages.mkdir()
    for name, text in modules.items():
        (packages / f"{name}.py").write_text(text)
    return packages


async def test_what_a_library_does_is_put_down_to_the_users_line(
    opened: Opened, watch: Determinism, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a module that defines workflows is the user's, though it be installed."""
    packages = install(tmp_path, acme_lib=LIBRARY, acme_flow=INSTALLED_FLOW)
    monkeypatch.syspath_prepend(str(packages))
    flow = load_module("acme_flow", packages)
    async with opened(watches=[watch]) as runtime:
        await runtime.run(flow.installed_flow)
    for name in ("acme_lib", "acme_flow"):
        del sys.modules[name]

    own, through = watch.findings
    assert (own.what, own.lines[0].line) == ("time.time()", 9)
    assert (through.what, through.lines[0].line) == ("acme_lib.stamp(), by time.time()", 10)
    assert {Path(one.file).name for one in (*own.lines, *through.lines)} == {"acme_flow.py"}


def stamp() -> float:
    return time.time()


@workflow(name="whose-stamps")
async def stamps() -> float:
    return stamp()


async def test_a_module_can_be_allowed(opened: Opened) -> None:
    """With what it calls."""
    options = DeterminismOptions(allow=[__name__])
    with Determinism(options, told=lambda _: None) as watch:
        async with opened(watches=[watch]) as runtime:
            await runtime.run(stamps)

    assert watch.findings == ()


def test_code_that_was_typed_in_is_the_users() -> None:
    """In a shell, a notebook, a doctest; what dataclasses write is not."""
    places = Places()

    def place_of(name: str, qualname: str = "flow") -> str:
        made = eval(compile("lambda: __import__('sys')._getframe()", name, "eval"), {"__name__": "m"})  # noqa: S307
        code = made.__code__.replace(co_name=qualname.rpartition(".")[2], co_qualname=qualname)
        return places.of(types.FunctionType(code, made.__globals__)()).name

    assert [place_of(n) for n in ("<stdin>", "<ipython-input-1>", "<doctest x[0]>", "<string>")] == [
        "USER"
    ] * 4
    assert place_of("<string>", "__create_fn__.<locals>.__init__") == "LIBRARY"
    assert place_of("<attrs generated init m.C>") == "LIBRARY"
