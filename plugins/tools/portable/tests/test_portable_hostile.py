"""Files that somebody has changed, by accident or on purpose, are refused; nothing of them is taken over."""

import asyncio
import hashlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Runtime, parallel, step, workflow
from reenact.config import Config
from reenact.records import checksum
from reenact.scheduler import SkippingClock
from reenact_portable import Limits, PortableError, export_run, read_bytes, read_file
from reenact_portable.model import END_BYTES, spell_file

NEEDLE = "a text that stands in content, " * 90


@step
async def hostile_text(number: int) -> str:
    return NEEDLE + str(number)


@workflow(name="h-child")
async def h_child(number: int) -> int:
    return len(await hostile_text(number))


@workflow(name="h-parent")
async def h_parent(count: int) -> list[int]:
    return await parallel(h_child, range(count))


@lru_cache
def whole() -> bytes:
    """Return a file with two child runs and content."""

    async def make() -> bytes:
        store = MemoryStore()
        clock = SkippingClock()
        async with Runtime.open(
            Config(), store=store, plugins=Plugins(installed=False), clock=clock
        ) as runtime:
            run = await runtime.run(h_parent, 2)
            return (await export_run(runtime, run.record)).data

    return asyncio.run(make())


def sealed(data: bytes) -> bytes:
    """Return a file whose sum is right again, as its author can always make it."""
    rest = data[:-END_BYTES]
    return rest + f'"sha256":"{hashlib.sha256(rest).hexdigest()}"}}\n'.encode()


def test_the_file_is_whole() -> None:
    """What the other tests change is read as it is, and the sum that they set right is the sum."""
    assert len(read_bytes(whole()).runs) == 3
    assert sealed(whole()) == whole()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    """Any byte, changed into any other."""
    file = bytearray(whole())
    file[data.draw(st.integers(0, len(file) - 1))] ^= data.draw(st.integers(1, 255))

    with pytest.raises(PortableError):
        read_bytes(bytes(file))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_under_a_right_sum_is_refused_or_means_what_it_says(data: st.DataObject) -> None:
    """Whoever sets the sum right again gets no further than a file that an export could have written."""
    file = bytearray(whole())
    for _ in range(data.draw(st.integers(1, 3))):
        file[data.draw(st.integers(0, len(file) - END_BYTES - 1))] = data.draw(
            st.sampled_from(b'0a"{}[],:\\ 9-n')
        )
    changed = sealed(bytes(file))

    try:
        read = read_bytes(changed)
    except PortableError:
        return
    assert b"".join(spell_file(read)) == changed


@given(st.integers(0, 10_000_000), st.binary(max_size=40))
@example(1, b"")
@settings(max_examples=200, deadline=None)
def test_a_cut_or_longer_file_is_refused(length: int, more: bytes) -> None:
    """Cut anywhere, with or without something in place of the rest; or with something behind its end."""
    file = whole()
    cut = file[: length % len(file)] + more

    with pytest.raises(PortableError):
        read_bytes(cut)
    with pytest.raises(PortableError):
        read_bytes(file + b" " + more)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_anything_else_is_refused(data: bytes) -> None:
    """Bytes, alone and behind the beginning of a file."""
    head = whole()[:60]
    for file in (data, head + data, sealed(head + data + b" " * END_BYTES)):
        with pytest.raises(PortableError):
            read_bytes(file)


def replaced(old: str, new: str, count: int = 1) -> bytes:
    assert old.encode() in whole(), old
    return sealed(whole().replace(old.encode(), new.encode(), count))


SPARE = '"blobs":[\n{"hash":"' + "0" * 64 + '","chain":false,"data":1},'
DEEP = "[" * 100_000 + "]" * 100_000


def _first_row() -> str:
    found = re.search(rb'\{"checksum":"[0-9a-f]{32}","entry":(\{.*\})\}', whole())
    assert found is not None
    return found[1].decode()


def _row_says(change: Callable[[str], str]) -> bytes:
    """Return the file with its first row changed and its chain of checksums made right again."""
    document = whole().decode()
    entry = _first_row()
    before = document.index(entry)
    rows = document[: document.index('],\n"children"')]
    bodies = re.findall(r'\{"checksum":"[0-9a-f]{32}","entry":(\{.*\})\}', rows)
    bodies[0] = change(entry)
    last, spelled = b"", []
    for body in bodies:
        last = checksum(last, body.encode())
        spelled.append(f'{{"checksum":"{last.hex()}","entry":{body}}}')
    start = document.rindex("{", 0, before)
    made = document[:start] + ",\n".join(spelled) + document[len(rows) :]
    return sealed(made.encode())


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: replaced('"redacted":false', '"redacted":false,"redacted":false'), "line 3|format"),
        (lambda: replaced('"format":2', '"format":3'), "format 3.*reads format 2"),
        (lambda: replaced('"format":2', '"format":1'), "format 1.*newer"),
        (lambda: replaced('"status":"succeeded"', f'"status":{DEEP}'), "not spelled"),
        (lambda: _row_says(lambda row: row.replace('{"count":2}', DEEP)), "makes no sense|not spelled"),
        (lambda: _row_says(lambda row: row.replace('{"count":2}', '{"count":2,"count":2}')), "spelled as it"),
        (lambda: _row_says(lambda row: row.replace('{"count":2}', '{"count": 2}')), "spelled as it"),
        (lambda: _row_says(lambda row: row.replace('"seq":0', '"seq":0,"seq":0')), "row 0 is not spelled"),
        (lambda: _row_says(lambda row: row.replace('"seq":0', '"seq":0,"more":1')), "row 0 is not spelled"),
        (lambda: _row_says(lambda row: row.replace('"running"', '"succeeded"')), "makes no sense"),
        (lambda: _row_says(lambda row: row.replace('"h-parent"', '"other"')), "workflow"),
        (lambda: replaced('"steps":2', '"steps":3'), "steps"),
        (lambda: replaced('"target":""', '"target":"","path":"/etc/passwd"'), "unknown field"),
        (lambda: replaced('"cost_usd":"0"', '"cost_usd":"1"'), "cost_usd"),
        (
            lambda: replaced('"blobs":[', '"blobs":[\n{"hash":"%s","chain":false,"data":1},' % ("0" * 64)),
            "named",
        ),
        (lambda: replaced("a text that stands in content", "A text that stands in content"), "changed"),
        (lambda: replaced('"chain":false', '"chain":true'), "makes no sense|changed"),
        (lambda: replaced('"modified":{}', '"modified":{"pii":{"llm request":9}}'), "is not what an export"),
        (lambda: replaced('"children":[', '"children":[],"children":['), "not spelled|line"),
        (lambda: replaced('"linked":[', f'"linked":[{_child()}'), "not those that it cannot|twice"),
        (lambda: replaced('"parent":"', '"parent":"../../'), "child|line"),
        (lambda: replaced('"redacted":false', '"redacted":true'), "calls itself redacted"),
    ],
)
def test_a_forged_file_is_refused(made: Callable[[], bytes], says: str) -> None:
    """Whatever its author has made right again, something does not add up, and the message says what."""
    with pytest.raises(PortableError, match=says):
        read_bytes(made())


def _child() -> str:
    child = json.loads(whole())["children"][0]
    return json.dumps(child, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize(
    "run_id", ["../../x", "a/b", "", "x" * 200, "a\x00b", "\u202egnp", "; rm -rf", "-rf", "\x1b[2J"]
)
def test_an_id_that_is_none_is_refused(run_id: str) -> None:
    """Ids are letters, digits and a few signs; nothing of a file is ever a path or an option."""
    document = whole()
    own = json.loads(document)["run"]["id"]
    forged = sealed(document.replace(f'"id":"{own}"'.encode(), b'"id":' + json.dumps(run_id).encode(), 1))

    with pytest.raises(PortableError):
        read_bytes(forged)


def test_no_more_is_read_than_is_allowed(tmp_path: Path) -> None:
    """A file that is too long, or holds too many runs, is refused before it is looked at."""
    path = tmp_path / "run.json"
    path.write_bytes(whole())

    with pytest.raises(PortableError, match="more than 1,000 bytes"):
        read_file(path, limits=Limits(file_bytes=1000))
    with pytest.raises(PortableError, match="more than 2 runs"):
        read_file(path, limits=Limits(runs=2))
    assert len(read_file(path, limits=Limits(runs=3)).runs) == 3


READ = """
import sys
from pathlib import Path
import msgspec, json, hashlib
from reenact_portable import PortableError, read_bytes
seen = []
files = [Path(name).read_bytes() for name in sys.argv[1:]]
for file in files[:1]:
    read_bytes(file)  # imports what is imported late
sys.addaudithook(lambda event, args: seen.append(event))
for file in files:
    try:
        read_bytes(file)
    except PortableError:
        print("refused")
loud = ("import", "exec", "open", "os", "subprocess", "socket", "compile", "pickle")
print([event for event in seen if event.split(".")[0] in loud])
"""


def test_reading_runs_no_code(tmp_path: Path) -> None:
    """Nothing is imported, opened, compiled or started by what stands in a file, whatever that is."""
    harmful = [
        whole(),
        replaced('"workflow":"h-parent"', '"workflow":"os:system"'),
        _row_says(
            lambda row: row.replace('{"count":2}', '{"py/object":"os.system","lc":1,"__class__":"os"}')
        ),
        replaced('"target":""', '"target":"../../evil.py:main"'),
        b"\x80\x04cos\nsystem\n(S'true'\ntR." + whole(),
    ]
    names = []
    for number, data in enumerate(harmful):
        path = tmp_path / f"{number}.json"
        path.write_bytes(data)
        names.append(str(path))

    done = subprocess.run(
        [sys.executable, "-c", READ, *names], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
    assert done.stdout.count("refused") >= 2


@pytest.mark.parametrize("seed", range(40))
def test_rows_that_are_swapped_dropped_or_doubled_are_refused(seed: int) -> None:
    """Lines of the file in another order, missing, or there twice, the sum made right again."""
    draw = random.Random(seed)
    lines = whole().split(b"\n")
    rows = [n for n, line in enumerate(lines) if line.startswith(b'{"checksum"')]
    one, other = draw.sample(rows, 2)
    changed: list[Any] = list(lines)
    how = seed % 3
    if how == 0:
        changed[one], changed[other] = changed[other], changed[one]
    elif how == 1:
        changed[one] = None
    else:
        changed.insert(one, changed[one])
    file = b"\n".join(line for line in changed if line is not None)

    with pytest.raises(PortableError):
        read_bytes(sealed(file))
