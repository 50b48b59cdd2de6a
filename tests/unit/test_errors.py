"""Errors: one tree, facts as attributes, messages with a remedy, and they survive a trip."""

import copy
import pickle

import pytest
from reenact import errors
from reenact.errors import ProviderError, ReenactError, did_you_mean

KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ReenactError)
}

EXAMPLES: list[tuple[ReenactError, list[str]]] = [
    (errors.UsageError("do it otherwise"), ["do it otherwise"]),
    (errors.ConfigError("bad"), ["bad"]),
    (errors.ConfigError("bad", "models.fast", "reenact.toml"), ["bad in [models.fast] (reenact.toml)"]),
    (errors.InputError("f(a): no"), ["f(a): no"]),
    (
        errors.NotInstalledError("store", "pg"),
        ["store named 'pg'", "on offer: none", "pip install reenact-pg"],
    ),
    (errors.NotInstalledError("store", "pg", ("a", "b")), ["on offer: a, b"]),
    (errors.PluginConflictError("policy", "pii", ("x 1", "y 2")), ["x 1 and y 2", "[plugins] disabled"]),
    (errors.BrokenPluginError("pii", "ImportError: no"), ["'pii' could not be loaded: ImportError: no"]),
    (errors.RunNotFoundError("ab"), ["no run has the id 'ab'", "reenact ls"]),
    (errors.RunNotFoundError("ab", ("abc", "abd")), ["several runs: abc, abd", "give more of it"]),
    (errors.RunConflictError("ab", "input"), ["'ab' exists with another input", "another run id"]),
    (errors.RunOwnedError("ab", "pid 1", 10**18), ["owned by pid 1 until 2001-09-09T01:46:40.000Z", "wait"]),
    (errors.RunEndedError("ab", "cancelled", "run it again"), ["has ended (cancelled); run it again"]),
    (errors.RunCancelledError("ab"), ["'ab' was cancelled"]),
    (errors.RunCancelledError("ab", "too slow"), ["was cancelled: too slow"]),
    (errors.DivergenceError("ab", "p#0", "x", "y"), ["'ab' diverges at 'p#0'", "has x", "has y"]),
    (errors.DivergenceError("ab", "p#0", "x", "y", "-a\n+b"), ["\n-a\n+b"]),
    (errors.ChangedInputError("ab", "p#0", "x", "y"), ["has changed", "on_changed_input='reexecute'"]),
    (errors.ChangedInputError("ab", "p#0", "x", "y", "-a"), ["\n-a"]),
    (errors.NotDeterministicError("a socket", "f.py:3"), ["a socket", "f.py:3", "do this in a step"]),
    (errors.NotStorableError("$.a", "no"), ["value at $.a cannot be stored: no"]),
    (errors.StepError("m.Odd", "text"), ["m.Odd: text"]),
    (errors.InDoubtError("ab", "pay#0", "crash"), ["in doubt: crash", "reenact resolve ab 'pay#0' --done"]),
    (errors.PolicyDeniedError("pii", "a name"), ["policy 'pii' denied the request: a name"]),
    (errors.OutputError("Plan", "no steps", "{}"), ["does not fit Plan: no steps", "the answer was: {}"]),
    (errors.TooManyRoundsError("llm#0", 8), ["8 rounds", "raise max_rounds"]),
    (errors.StoreError("a.db", "full"), ["a.db: full"]),
    (errors.DamagedError("a.db", "row 3"), ["a.db: row 3"]),
    (errors.NewerSchemaError("a.db", "schema 9"), ["schema 9"]),
    (errors.LeaseLostError("a.db", "taken"), ["taken"]),
    (errors.ProviderError("openai", "no"), ["openai: no"]),
    (errors.ServerError("openai", "no", 503), ["openai: no (HTTP 503)"]),
]


@pytest.mark.parametrize(("error", "texts"), EXAMPLES, ids=lambda v: type(v).__name__)
def test_a_message_says_what_happened_and_what_to_do(error: ReenactError, texts: list[str]) -> None:
    """With the facts in it."""
    assert all(text in str(error) for text in texts), str(error)


@pytest.mark.parametrize("error", [error for error, _ in EXAMPLES], ids=lambda v: type(v).__name__)
def test_an_error_survives_a_trip(error: ReenactError) -> None:
    """Through pickle and copy: between processes, and into reports."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  # our own bytes
        assert type(again) is type(error)
        assert str(again) == str(error)


RETRYABLE = {
    "RateLimitedError",
    "OverloadedError",
    "ServerError",
    "ProviderTimeoutError",
    "ConnectionLostError",
    "MalformedAnswerError",
}


@pytest.mark.parametrize("name", [n for n, kind in KINDS.items() if issubclass(kind, ProviderError)])
def test_which_errors_of_providers_a_retry_may_cure(name: str) -> None:
    """By kind, unless the provider knows better."""
    kind: type[ProviderError] = KINDS[name]  # type: ignore[assignment]  # the list above has seen to it

    assert kind("p", "m").retryable is (name in RETRYABLE)
    assert kind("p", "m", retryable=True).retryable is True


def test_every_error_stands_in_the_tree_at_the_top() -> None:
    """The docstring draws all of them."""
    assert errors.__doc__ is not None
    assert [name for name in KINDS if name not in errors.__doc__] == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_error_goes_on_record_as_it_is_imported(kind: type[ReenactError]) -> None:
    """Journals name it so, wherever in the package it is written down."""
    assert f"{kind.__module__}.{kind.__qualname__}" == f"reenact.errors.{kind.__name__}"


def test_the_nearest_name_is_suggested() -> None:
    """If one is near."""
    assert did_you_mean("limts", ["limits", "other"]) == "; did you mean 'limits'?"
    assert did_you_mean("zzz", ("limits",)) == ""
