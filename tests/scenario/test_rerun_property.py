"""For any workflow and any edit: a re-run gives what a fresh run gives, and runs only what is new."""

import asyncio
import hashlib
from collections import Counter
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_reenact.memory import MemoryStore
from reenact import LlmRequest, Plugins, Runtime, llm, parallel, step, workflow
from reenact.config import Config

from conftest import Fake

ANSWERS = 3
"""How many answers there are: few, so that a changed prompt often gets the same one."""

done: list[str] = []


@attrs.frozen
class Op:
    """One thing that a workflow does.

    Attributes:
        text: What it asks.
        on: Which earlier results it depends on, counted back.
        asks: Whether a model is asked, or a step is run.
        copies: How often it is done side by side.
    """

    text: str
    on: list[int]
    asks: bool = True
    copies: int = 1


@step
async def note(text: str) -> str:
    done.append(f"step {text}")
    return answer_to(text)


def answer_to(text: str) -> str:
    return str(int(hashlib.sha256(text.encode()).hexdigest(), 16) % ANSWERS)


@workflow
async def program(ops: list[Op]) -> list[str]:
    results: list[str] = []
    for op in ops:
        seen = [results[-back] for back in op.on if back <= len(results)]
        prompt = f"{op.text} of {seen}"

        async def one(_: int, op: Op = op, prompt: str = prompt) -> str:
            return await llm("fake:one", prompt) if op.asks else await note(prompt)

        results.append("".join(await parallel(one, range(op.copies))))
    return results


ops = st.lists(
    st.builds(
        Op, st.sampled_from("abcd"), st.lists(st.integers(1, 3), max_size=2), st.booleans(), st.integers(1, 3)
    ),
    min_size=1,
    max_size=7,
)


@st.composite
def edits(draw: Any) -> tuple[list[Op], list[Op]]:
    """Return a workflow, and the same after some edits."""
    before = draw(ops)
    after = list(before)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(after) - 1))
        edit = draw(st.sampled_from(["change", "insert", "swap", "remove"]))
        if edit == "change":
            after[at] = attrs.evolve(after[at], text=draw(st.sampled_from("abcdef")))
        elif edit == "insert":
            after.insert(at, draw(ops)[0])
        elif edit == "swap":
            after[at], after[at - 1] = after[at - 1], after[at]
        elif len(after) > 1:
            del after[at]
    return before, after


async def run_through(before: list[Op], after: list[Op]) -> None:
    def answered(request: LlmRequest) -> str:
        done.append(f"llm {request.messages[-1].text}")
        return answer_to(request.messages[-1].text)

    fake = Fake(answer=answered)
    options: dict[str, Any] = {"plugins": Plugins(installed=False), "providers": {"fake": fake}}
    store = MemoryStore()
    async with Runtime.open(Config(), store=store, **options) as runtime:
        done.clear()
        first = await runtime.run(program, before)
        old = Counter(done)
        done.clear()
        second = await runtime.rerun(first.id, program, inputs={"ops": after})
        ran = Counter(done)
        done.clear()
        replayed = await runtime.replay(second.id, program)
        assert not done, "a replay ran something"
        await runtime.verify(second.id)
    async with Runtime.open(Config(), store=MemoryStore(), **options) as runtime:
        fresh = await runtime.run(program, after)

    assert second.output == fresh.output == replayed.output
    assert ran == Counter(done) - old


@settings(max_examples=150, deadline=None)
@given(edits())
def test_a_rerun_gives_what_a_fresh_run_gives(workflows: tuple[list[Op], list[Op]]) -> None:
    """With no step run whose input was on record, whatever was changed, inserted, swapped or removed."""
    asyncio.run(run_through(*workflows))
