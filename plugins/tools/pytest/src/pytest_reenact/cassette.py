"""A cassette: the calls of models that one test made, in one file of JSON, made to be read and reviewed.

A call is known again by the hash of its input: the model that is asked, and everything of
the request that decides the answer. Texts of several lines stand as lists of lines, calls
in the order of runs and paths; so a recording that is made again differs where something
has changed, and nowhere else.
"""

import contextlib
import difflib
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from reenact.codec import canonical, digest, plain
from reenact.errors import ProviderError, ReenactError
from reenact.llm import LlmRequest, LlmResponse, response_from
from reenact.trace import neutral

from pytest_reenact.leaks import find_leak
from pytest_reenact.matching import likeness

FORMAT = 1
FILE_BYTES_MAX = 50_000_000
DIFF_LINES_MAX = 80


@attrs.define
class CassetteError(ReenactError):
    """A cassette cannot be read, or may not be written.

    Attributes:
        file: The cassette.
    """

    file: str
    problem: str

    def __str__(self) -> str:
        return f"cassette {self.file}: {self.problem}"


@attrs.define(kw_only=True, eq=False)
class Take:
    """One call on a cassette.

    Attributes:
        run: Which run of the test made it, from 0.
        path: The step.
        attempt: Which try of it, from 1.
        target: What was asked, ``provider:model``.
        input_hash: SHA-256 of target and request, in hex.
        request: The request, plain.
        response: The answer, plain; empty if it failed.
        error: The error: its class, and its fields; empty if it was answered.
        chunks: The pieces of the text, if it came in pieces.
        used: Whether this test has had it.
    """

    run: int = 0
    path: str
    attempt: int = 1
    target: str
    input_hash: str
    request: dict[str, Any]
    response: dict[str, Any] = attrs.field(factory=dict)
    error: dict[str, Any] = attrs.field(factory=dict)
    chunks: list[str] = attrs.field(factory=list)
    used: bool = False

    def answer(self, request_id: str) -> LlmResponse | ProviderError:
        """Return what was answered."""
        if self.error:
            fields = dict(self.error)
            kind = _error_kinds()[fields.pop("type")]
            return kind(**fields)
        return attrs.evolve(response_from(self.response), request_id=request_id)

    def _order(self) -> tuple[Any, ...]:
        numbered = [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", self.path)]
        return (self.run, [(isinstance(part, str), part) for part in numbered], self.attempt, self.input_hash)


def _error_kinds() -> dict[str, type[ProviderError]]:
    found: dict[str, type[ProviderError]] = {}
    todo: list[type[ProviderError]] = [ProviderError]
    while todo:
        kind = todo.pop()
        found.setdefault(kind.__name__, kind)
        todo.extend(kind.__subclasses__())
    return found


def spell_request(request: LlmRequest) -> dict[str, Any]:
    """Return everything of a request that decides the answer, plain; the alias it was asked by does not."""
    value = plain(attrs.evolve(request, messages=(), model=""), "$.request", omit_defaults=True)
    assert isinstance(value, dict)  # noqa: S101  # an attrs class always spells as an object
    value.pop("model", None)
    value["messages"] = [message.spelled()[1] for message in request.messages]
    return value


def hash_call(target: str, request: Mapping[str, Any]) -> str:
    """Return the hash by which a call is known again."""
    return digest(canonical(plain({"target": target, "request": dict(request)})))


def spell_response(response: LlmResponse) -> dict[str, Any]:
    """Return a response as it is kept: without the vendor's name for the call, and the raw answer."""
    kept = attrs.evolve(response, request_id="", raw=None, cost_usd=None)
    value = plain(kept, "$.response", omit_defaults=True)
    assert isinstance(value, dict)  # noqa: S101  # an attrs class always spells as an object
    value["message"] = response.message.spelled()[1]
    if response.cost_usd is not None:
        value["cost_usd"] = str(response.cost_usd)
    return value


def spell_error(error: ProviderError) -> dict[str, Any]:
    """Return an error as it is kept: without the vendor's name for the call."""
    fields = {a.name: getattr(error, a.name) for a in attrs.fields(ProviderError) if a.name != "request_id"}
    return {"type": type(error).__name__, **fields}


@attrs.define
class Cassette:
    """The calls of one test.

    Attributes:
        file: Where they are kept.
        takes: The calls.
    """

    file: Path
    takes: list[Take] = attrs.field(factory=list)

    @classmethod
    def read(cls, file: Path) -> "Cassette":
        """Return the cassette in *file*; one without calls if there is no such file.

        Raises:
            CassetteError: If it is no cassette.
        """
        try:
            if file.stat().st_size > FILE_BYTES_MAX:
                raise CassetteError(str(file), f"larger than {FILE_BYTES_MAX} bytes")
            document = json.loads(file.read_text(encoding="utf-8"))
            return cls(file, _takes_of(document))
        except FileNotFoundError:
            return cls(file)
        except OSError as error:
            raise CassetteError(str(file), f"it cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise CassetteError(str(file), f"it is damaged ({error}); record it again") from error

    def find(self, path: str, input_hash: str) -> Take | None:
        """Return the call that is meant: the first unused one with that input, of that step if any."""
        same = [take for take in self.takes if take.input_hash == input_hash and not take.used]
        return next((take for take in same if take.path == path), same[0] if same else None)

    def write(self, test: str, known: Mapping[str, str]) -> None:
        """Write the file, whole or not at all; it is readable as the umask says, since it is to be committed.

        Args:
            test: The test that made the calls.
            known: Secrets, by the names of their variables.

        Raises:
            CassetteError: If there is a secret in it, or it cannot be written; nothing is changed then.
        """
        takes = [_spelled(take) for take in sorted(self.takes, key=Take._order)]
        leak = find_leak({"calls": takes}, known)
        if leak is not None:
            raise CassetteError(
                str(self.file),
                f"not written: it would hold {leak}; keep it out of the prompt, or have a policy scrub it",
            )
        document = {"reenact_cassette": FORMAT, "test": test, "calls": [_in_lines(take) for take in takes]}
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        try:
            _replace(self.file, text)
        except OSError as error:
            raise CassetteError(str(self.file), f"it cannot be written: {error.strerror}") from error


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


# --- spelling --------------------------------------------------------------------------------------


def _spelled(take: Take) -> dict[str, Any]:
    fields = attrs.asdict(take, recurse=False)
    del fields["used"]
    return {name: value for name, value in fields.items() if value or name == "run"}


_LINES, _LITERAL = "lines", "literal"


def _in_lines(value: Any) -> Any:
    """Return *value* with texts of several lines as ``{"lines": [...]}``."""
    if isinstance(value, str) and "\n" in value:
        return {_LINES: value.split("\n")}
    if isinstance(value, dict):
        made = {key: _in_lines(inner) for key, inner in sorted(value.items())}
        return {_LITERAL: made} if len(value) == 1 and value.keys() & {_LINES, _LITERAL} else made
    return [_in_lines(inner) for inner in value] if isinstance(value, list) else value


def _joined(value: Any) -> Any:
    """Return what `_in_lines` was given."""
    if isinstance(value, list):
        return [_joined(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_LINES}:
        return "\n".join(value[_LINES])
    inner = value[_LITERAL] if value.keys() == {_LITERAL} else value
    return {key: _joined(one) for key, one in inner.items()}


def _takes_of(document: Any) -> list[Take]:
    version = document.get("reenact_cassette") if isinstance(document, dict) else None
    if version != FORMAT:
        raise ValueError(f"its format is {version!r}, not {FORMAT}")
    takes = [Take(**_joined(take)) for take in document["calls"]]
    for take in takes:
        if take.input_hash != hash_call(take.target, take.request):
            raise ValueError(f"the request of {take.path!r} was edited by hand: its hash is another one")
        take.answer("")  # what cannot be answered is found here, and not in the middle of a run
    return takes


# --- explaining ------------------------------------------------------------------------------------


def explain_miss(cassette: Cassette, path: str, target: str, request: Mapping[str, Any], remedy: str) -> str:
    """Say that a call is not on the cassette, and show the nearest one that is as a diff."""
    head = f"{path!r} asks {target} what is not on its cassette {cassette.file}"
    if not cassette.takes:
        return f"{head}: there is none; {remedy}"
    wanted = _lines(target, request)
    hashed = hash_call(target, request)
    if any(take.input_hash == hashed for take in cassette.takes):
        count = sum(take.input_hash == hashed for take in cassette.takes)
        return f"{head} any more: it was recorded {count} time(s), and is asked once more; {remedy}"
    near = max(
        cassette.takes,
        key=lambda take: (
            take.path == path,
            likeness(_text(_lines(take.target, take.request)), _text(wanted)),
        ),
    )
    recorded = _lines(near.target, near.request)
    diff = list(
        difflib.unified_diff(recorded, wanted, f"recorded {near.path}", f"asked {path}", n=2, lineterm="")
    )
    if len(diff) > DIFF_LINES_MAX:
        diff = [*diff[:DIFF_LINES_MAX], f"… {len(diff) - DIFF_LINES_MAX} more lines"]
    return neutral("\n".join([f"{head}; {remedy}", *diff]), keep_newlines=True)


def _lines(target: str, request: Mapping[str, Any]) -> Sequence[str]:
    document = _in_lines({"target": target, "request": dict(request)})
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True).splitlines()


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines)
