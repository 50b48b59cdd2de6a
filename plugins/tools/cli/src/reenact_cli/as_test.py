"""A run as a test: the exported run, and a file of Python that replays it and says what came of it.

Everything in the file that stands on record is spelled as a literal, so that nothing in a
journal can become code.
"""

import json
import pprint
import re
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from reenact.records import RunRecord
    from reenact.views import RunView

OUTPUT_CHARS_MAX = 2_000
STEPS_MAX = 50
WIDTH = 96
_ID_CHARS = 12

TEST = '''"""What a run did that is on record, today's code does as well.

Written by 'reenact export --as-test'; it is replayed by pytest-reenact.
"""

from collections.abc import Callable

from pytest_reenact import TestRun


def test_{slug}(reenact_replay: Callable[[str], TestRun]) -> None:
    """Run {run_id} goes as it went: every step is asked for the same, in the same order."""
    run = reenact_replay({file})

    assert run.status == {status}
{asserts}'''


@attrs.frozen
class TestFiles:
    """What a test of a run consists of.

    Attributes:
        data_name: What the exported run is to be called.
        test_name: What the test is to be called.
        test: The test.
    """

    __test__ = False  # pytest is not to take it for a class of tests

    data_name: str
    test_name: str
    test: str


def spell_test(view: "RunView") -> TestFiles:
    """Return the test of a run."""
    slug = slug_of(view.record)
    file = f"{slug}.json"
    asserts = [*_asserts_of_end(view), *_asserts_of_steps(view)]
    test = TEST.format(
        slug=slug,
        run_id=view.record.id,
        file=_literal(file),
        status=_literal(str(view.record.status)),
        asserts="".join(f"    {line}\n" for line in "\n".join(asserts).splitlines()),
    )
    return TestFiles(file, f"test_{slug}.py", test)


def slug_of(record: "RunRecord") -> str:
    """Return a name for a run that can be part of a Python name and of a file's."""
    text = f"{record.workflow}_{record.id[:_ID_CHARS]}".lower()
    return re.sub(r"[^a-z0-9]+", "_", text, flags=re.ASCII).strip("_") or "run"


def _asserts_of_end(view: "RunView") -> list[str]:
    if view.failure is not None:
        kind = view.failure.type.rpartition(".")[2]
        told = [f"assert type(run.error).__name__ == {_literal(kind)}"] if view.failure.rebuilds else []
        return [*told, f"assert {_literal(view.failure.message)} in str(run.error)"]
    if len(json.dumps(view.output)) > OUTPUT_CHARS_MAX:
        return []
    return [f"assert run.view.output == {_literal(view.output)}"]


def _asserts_of_steps(view: "RunView") -> list[str]:
    steps = [(step.path, str(step.status)) for step in view.steps]
    if not steps or len(steps) > STEPS_MAX:
        return []
    return [f"assert [(step.path, step.status) for step in run.view.steps] == {_literal(steps)}"]


def _literal(value: Any) -> str:
    """Return plain data as Python spells it, in ASCII, so that nothing in it does anything to a terminal."""
    spelled = pprint.pformat(value, width=WIDTH, sort_dicts=False)
    return "".join(char if " " <= char <= "~" or char == "\n" else _escaped(char) for char in spelled)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
