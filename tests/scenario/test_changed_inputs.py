"""Runs that are resumed by code that asks for something else than what is on record."""

from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import step, workflow
from reenact.errors import ChangedInputError, DivergenceError

from conftest import Opened

done: list[str] = []
version = {"text": "one", "extra": False, "skip": False}


@step
async def note(text: str) -> str:
    done.append(text)
    return text.upper()


@workflow(name="changed-inputs")
async def changing() -> list[str]:
    a = await note(version["text"])
    if version["extra"]:
        await note("extra")
    b = [] if version["skip"] else [await note("two")]
    c = await note("three")
    return [a, *b, c]


@pytest.fixture(autouse=True)
def restore() -> None:
    done.clear()
    version.update(text="one", extra=False, skip=False)


async def _stopped_after(opened: Opened, store: MemoryStore, rows: int) -> tuple[str, MemoryStore]:
    async with opened() as runtime:
        run = await runtime.run(changing)
    done.clear()
    return run.id, store.crashed(run.id, rows)


async def test_a_changed_input_is_a_new_execution(opened: Opened, store: MemoryStore) -> None:
    """Same path, other input: that step runs again; what does not depend on it is taken from the record."""
    run_id, cut = await _stopped_after(opened, store, 6)
    version["text"] = "uno"

    async with opened(store=cut) as runtime:
        run = await runtime.resume(run_id)
        assert run.output == ["UNO", "TWO", "THREE"]
        assert done == ["uno", "three"]
        replayed = await runtime.replay(run_id)
        assert replayed.output == run.output
        await runtime.verify(run_id)


async def test_a_changed_input_can_be_forbidden(opened: Opened, store: MemoryStore) -> None:
    """With ``fail`` the run stops, shows both inputs and both places, and leaves the journal alone."""
    run_id, cut = await _stopped_after(opened, store, 6)
    before = list(cut.journals[run_id])
    version["text"] = "uno"

    async with opened(store=cut) as runtime:
        with pytest.raises(ChangedInputError) as caught:
            await runtime.resume(run_id, on_changed_input="fail")
        assert '-  "text": "one"' in str(caught.value)
        assert '+  "text": "uno"' in str(caught.value)
        assert "test_changed_inputs.py:" in str(caught.value)
        assert cut.journals[run_id] == before
        version["text"] = "one"
        assert (await runtime.resume(run_id)).output == ["ONE", "TWO", "THREE"]


@pytest.mark.parametrize("change", [{"extra": True}, {"skip": True}])
async def test_an_inserted_or_removed_step_is_a_divergence(
    opened: Opened, store: MemoryStore, change: dict[str, Any]
) -> None:
    """The error names what the record has and what the code asks for; the old code still resumes the run."""
    run_id, cut = await _stopped_after(opened, store, 6)
    before = list(cut.journals[run_id])
    version.update(change)

    async with opened(store=cut) as runtime:
        with pytest.raises(DivergenceError):
            await runtime.resume(run_id, on_changed_input="fail")
        assert cut.journals[run_id] == before
        with pytest.raises(DivergenceError):
            await runtime.replay(run_id)
        version.update(extra=False, skip=False)
        assert (await runtime.resume(run_id)).output == ["ONE", "TWO", "THREE"]


async def test_a_changed_result_is_a_divergence(opened: Opened, store: MemoryStore) -> None:
    """A replay whose workflow returns something else says so."""
    async with opened() as runtime:
        run = await runtime.run(changing)
        version["skip"] = True
        with pytest.raises(DivergenceError, match="note#"):
            await runtime.replay(run.id)
