"""What a runtime is made of, opened in order on one stack.

What is given is used as it is; what is not comes from the configuration. The store is
opened before what writes to it, and so is closed after the last write.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack

import attrs

from reenact.config import Config, ConfigLike, resolved
from reenact.journal import Outlet, Writer
from reenact.ledger import Holding, Later, LedgerFull
from reenact.models import Models, PriceHook
from reenact.opening import (
    Providers,
    check_providers,
    open_chain,
    open_executor,
    open_exporters,
    open_store,
    open_watches,
)
from reenact.plugins import Plugins
from reenact.policy import OwnPolicy
from reenact.records import RunRecord
from reenact.scheduler import Clock, Sleeper, SteadyClock, WallClock, boot_id, since_boot_ns
from reenact.seams import Executor, Provider, Watch
from reenact.steps import Retry
from reenact.stores import RunWrite, Store


@attrs.frozen(kw_only=True)
class Parts:
    """What a runtime is made of, open.

    Attributes:
        config: What it was opened with.
        store: Where its runs are kept.
        plugins: What is installed.
        models: What can be asked, and how.
        writer: The way to the store.
        clock: The time of day.
        steady: The time that the ledger goes by.
        executor: Decides where and when runs run; here and at once if None.
        watches: Who looks on while workflow code runs.
        outlets: The exporters.
    """

    config: Config
    store: Store
    plugins: Plugins
    models: Models
    writer: Writer
    clock: Clock
    steady: Clock
    executor: Executor | None
    watches: Sequence[Watch]
    outlets: Sequence[Outlet]


async def open_parts(
    stack: AsyncExitStack,
    config: ConfigLike,
    *,
    store: Store | None,
    providers: Mapping[str, Provider],
    policies: Sequence[OwnPolicy],
    executor: Executor | None,
    plugins: Plugins | None,
    clock: Clock | None,
    price: PriceHook | None,
    watches: Sequence[Watch],
) -> Parts:
    """Open what a runtime is made of, for *stack* to close; see `Runtime.open`."""
    chosen = resolved(config)
    found = plugins or Plugins(disabled=chosen.plugins.disabled)
    check_providers(chosen, found, providers)
    opened = store or await open_store(chosen, found, stack)
    chain = await open_chain(chosen, found, stack, policies)
    named = Providers(chosen, found, stack, providers)
    outlets = [
        await stack.enter_async_context(Outlet(name, exporter))
        for name, exporter in (await open_exporters(chosen, found, stack)).items()
    ]
    looking_on = (await open_watches(chosen, found, stack)).values()
    writer = await stack.enter_async_context(Writer(opened))
    options = chosen.runtime
    time_source = clock or WallClock()
    steady = clock or await _steady_clock(opened)
    models = Models(
        aliases=chosen.models,
        provider=named.get,
        chain=chain,
        hold=_holder(writer),
        held=lambda account: opened.held(account, steady.now_ns()),
        clock=Sleeper(steady),
        retry=Retry(attempts=options.llm_attempts),
        timeout_s=options.llm_timeout_s,
        prices=chosen.prices,
        now_ns=time_source.now_ns,
        **({"price": price} if price else {}),
    )
    return Parts(
        config=chosen,
        store=opened,
        plugins=found,
        models=models,
        writer=writer,
        clock=time_source,
        steady=steady,
        executor=executor or await open_executor(chosen, found, stack),
        watches=(*looking_on, *watches),
        outlets=outlets,
    )


async def _steady_clock(store: Store) -> Clock:
    """Return the clock of the store's ledger; the time of day where a boot has no name."""
    boot = boot_id()
    if not boot:
        return WallClock()
    since_ns = since_boot_ns()
    return SteadyClock(await store.ledger_ns(boot, since_ns, time.time_ns()) - since_ns)


def _holder(writer: Writer) -> Callable[[RunRecord, Sequence[Holding]], Awaitable[LedgerFull | Later | None]]:
    async def hold(run: RunRecord, holdings: Sequence[Holding]) -> LedgerFull | Later | None:
        result = await writer.result(RunWrite(run_id=run.id, epoch=run.epoch, ledger=holdings))
        if isinstance(result, Exception):
            raise result
        return result

    return hold
