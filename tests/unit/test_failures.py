"""Exceptions on record: what comes back is what was raised, or says what was raised."""

from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact.codec import canonical, decode
from reenact.errors import NotStorableError, OutputError, RateLimitedError, StepError
from reenact.failures import MESSAGE_CHARS_MAX, record_failure, revive
from reenact.records import Failure


class Plain(Exception):
    """An exception like most."""


class Coded(Exception):
    """Has a constructor of its own, and state."""

    def __init__(self, code: int, *, hint: str) -> None:
        super().__init__(f"code {code}")
        self.code = code
        self.hint = hint


class Refusing(Exception):
    """Cannot be made twice."""

    made = 0

    def __new__(cls, *args: object) -> "Refusing":
        Refusing.made += 1
        if Refusing.made > 1:
            raise RuntimeError("once only")
        return super().__new__(cls, *args)


class Response:
    """What JSON cannot hold."""


class HttpLike(Exception):
    """Like ``httpx.HTTPStatusError``: needs objects to be made, and has a plain message."""

    def __init__(self, message: str, *, response: Response) -> None:
        super().__init__(message)
        self.response = response


class Speaking(Exception):
    """Its text comes from an object that is not kept."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response

    def __str__(self) -> str:
        return f"answered {type(self.response).__name__}"


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@attrs.define
class Drawn(Exception):
    """An exception made with attrs."""

    where: str
    sizes: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.where} {self.sizes}"


def stored(error: BaseException) -> Failure:
    """Return the failure as it is after a trip through the journal."""
    return msgspec.convert(decode(msgspec.json.encode(record_failure(error, "s#0"))), Failure)


SAME: list[tuple[BaseException, dict[str, Any]]] = [
    (ValueError("wrong"), {}),
    (Plain("a", 1, None), {}),
    (KeyError("name"), {}),
    (OSError(2, "gone"), {"errno": 2}),
    (StopIteration(3), {"value": 3}),
    (UnicodeDecodeError.__base__("text"), {}),  # type: ignore[misc]  # UnicodeError, a ValueError
    (Coded(7, hint="h"), {"code": 7, "hint": "h"}),
    (HttpLike("404", response=Response()), {}),
    (Drawn("here", (1, 2)), {"where": "here", "sizes": (1, 2)}),
    (RateLimitedError("p", "slow", 429, retry_after_s=1.5), {"retry_after_s": 1.5, "retryable": True}),
    (OutputError("Plan", "no", "{}"), {"answer": "{}"}),
    (NotStorableError("$.a", "no"), {"at": "$.a"}),
    (TimeoutError(), {}),
    (TimeoutError("late"), {}),
]


@pytest.mark.parametrize(("error", "facts"), SAME, ids=lambda v: type(v).__name__)
def test_an_exception_comes_back_as_it_was(error: BaseException, facts: dict[str, Any]) -> None:
    """The same type, the same message, the same arguments and public attributes."""
    again = revive(stored(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert {name: getattr(again, name) for name in facts} == facts


WRAPPED: list[tuple[BaseException, str]] = [
    (Refusing("a"), "a"),
    (Speaking(Response()), "answered Response"),
    (Mute("x"), "(its message could not be had: RuntimeError)"),
    (ExceptionGroup("two", [ValueError("a"), ValueError("b")]), "two (2 sub-exceptions)"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "'utf-8' codec can't decode"),
    (KeyboardInterrupt("now"), "now"),
]


@pytest.mark.parametrize(("error", "message"), WRAPPED, ids=lambda v: type(v).__name__)
def test_one_that_cannot_be_rebuilt_is_wrapped_and_named(error: BaseException, message: str) -> None:
    """In a `StepError`, which has type and message."""
    failure = stored(error)
    again = revive(failure)

    assert isinstance(again, StepError)
    assert failure.rebuilds is False
    assert again.type_name == f"{type(error).__module__}.{type(error).__qualname__}"
    assert again.message.startswith(message)


def test_a_type_that_is_not_loaded_is_not_imported() -> None:
    """Reading a record runs no code: what names a module is only a name."""
    failure = Failure(type="antigravity.Error", message="no", args=["no"])

    again = revive(failure)

    assert isinstance(again, StepError)
    assert str(again) == "antigravity.Error: no"


def test_only_exceptions_are_rebuilt() -> None:
    """A record cannot have another class made."""
    for name in (
        "builtins.print",
        "os.system",
        "builtins.SystemExit",
        "builtins.object",
        "collections.deque",
    ):
        assert isinstance(revive(Failure(type=name, message="")), StepError)


def test_a_class_defined_later_is_found() -> None:
    """The look-up is renewed when a name is not known."""

    class Later(Exception):
        pass

    assert isinstance(revive(record_failure(Later("x"), "")), Later)


def test_private_state_stays_private() -> None:
    """Attributes that begin with an underscore, and trace ids, are not recorded."""
    error = Plain("x")
    vars(error).update({"_secret": "s", "trace_id": "t", "public": 1, "odd": Response()})

    assert record_failure(error, "").state == {"public": 1}


@given(st.text(st.characters(exclude_categories=[])))
def test_any_message_goes_on_record(text: str) -> None:
    """Surrogates and all; very long ones are cut."""
    failure = record_failure(Plain(text), "s#0")

    canonical(failure.message)
    assert isinstance(revive(failure), Plain | StepError)


def test_a_long_message_is_cut() -> None:
    """An exception that quotes a document does not become one."""
    assert len(record_failure(Plain("x" * 50_000), "").message) == MESSAGE_CHARS_MAX


def test_where_and_whether_to_retry_are_on_record() -> None:
    """The path of the step that raised it, and whether a retry may cure it."""
    failure = record_failure(Plain("b"), "fetch#1", retryable=True)

    assert (failure.path, failure.retryable) == ("fetch#1", True)


def test_a_file_that_is_missing_is_missing_on_replay(tmp_path: Path) -> None:
    """What ``open`` raises comes back as what it was, with the file's name."""
    with pytest.raises(FileNotFoundError) as caught:
        (tmp_path / "nothing").read_text()

    again = revive(record_failure(caught.value, "read#0"))

    assert type(again) is FileNotFoundError
    assert str(again) == str(caught.value)
    assert again.filename == caught.value.filename
