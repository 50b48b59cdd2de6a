"""What the policies that come with Reenact cost in commits, over the SQLite store."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from reenact import Config, LlmRequest, LlmResponse, Plugins, Runtime, Usage, assistant, llm, workflow
from reenact.config import PoliciesOptions
from reenact.seams import CallContext, Capabilities
from reenact.stores import CommitResult, RunWrite
from reenact_sqlite import SqliteOptions, open_sqlite

CALLS = 20
LIMIT = 1_000_000
OPTIONS: Mapping[str, dict[str, Any]] = {
    "injection": {},
    "pii": {},
    "ratelimit": {"limits": [{"requests": LIMIT, "tokens": LIMIT}, {"requests": LIMIT, "per": "run"}]},
    "budget": {"limits": [{"tokens": LIMIT}, {"tokens": LIMIT, "per": "day"}]},
}


class Clerk:
    """A provider that answers at once."""

    name = "clerk"
    capabilities = Capabilities(stream=False)

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        return LlmResponse(
            message=assistant("noted"), model=model, usage=Usage(input_tokens=9, output_tokens=1)
        )

    def stream(self, model: str, request: LlmRequest, context: CallContext) -> Any:
        raise NotImplementedError


@workflow(name="commits-asking")
async def asking() -> int:
    for number in range(CALLS):
        await llm("it:m", f"Note that parcel {number} for ann{number}@example.org is late.")
    return CALLS


async def commits_with(folder: Path, names: Sequence[str]) -> int:
    """Return how many commits a run of some calls takes."""
    made: list[int] = []
    config = Config(
        root=folder,
        policies=PoliciesOptions(chain=list(names)),
        policy_options={name: OPTIONS[name] for name in names},
    )
    async with open_sqlite(SqliteOptions(path=folder / f"{len(names)}.db")) as store:
        commit = store.commit

        async def counted(writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
            made.append(len(writes))
            return await commit(writes)

        store.commit = counted  # type: ignore[method-assign]  # of this one alone
        async with Runtime.open(config, plugins=Plugins(), store=store, providers={"it": Clerk()}) as runtime:
            run = await runtime.run(asking)
            assert run.output == CALLS
    return len(made)


@pytest.mark.parametrize(
    "names",
    [["ratelimit"], ["budget"], ["ratelimit", "budget"], list(OPTIONS)],
    ids=" ".join,
)
async def test_the_stock_policies_cost_no_commit(tmp_path: Path, names: list[str]) -> None:
    """A call that all of them judge, and for which two of them hold something, takes one commit."""
    bare = await commits_with(tmp_path, [])

    assert await commits_with(tmp_path, names) == bare == CALLS + 1
