"""The kernel's runtime as a test has it: over doubles, on the loop that runs, while a verb needs it.

What has to outlast a loop (store, clock, scripts) belongs to none, so that it does not matter
which plugin runs the loop, whether there is one, or how many.
"""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Protocol, TypeVar

import attrs
from reenact.config import Config
from reenact.errors import UsageError
from reenact.models import Models, PriceHook
from reenact.plugins import Plugins
from reenact.policy import OwnPolicy
from reenact.runtime import Runtime
from reenact.seams import Provider, Watch
from reenact.stores import Store

from pytest_reenact.acts import Trial
from pytest_reenact.clock import VirtualClock
from pytest_reenact.drawing import Draw
from pytest_reenact.loops import Opened, run_here
from pytest_reenact.scripts import NAME

T = TypeVar("T")

GRACE_S = 0.2
"""How long steps may take to end when a test leaves them running, in seconds."""


class Answering(Protocol):
    """What answers in place of providers: scripts, or a recording."""

    async def answering(self, name: str, live: Callable[[str], Awaitable[Provider]]) -> Provider:
        """Return what answers for the provider *name*; *live* opens the real one."""

    def fresh(self, clock: VirtualClock) -> "Answering":
        """Return one that answers the same from the start, by *clock*."""


FREE: PriceHook = lambda provider, model, usage: Decimal(0)  # noqa: E731  # it is a constant
"""Prices nothing: what a script says nothing of costs nothing."""


def _config(given: Config | None) -> Config:
    return given or Config()


def _by_name(given: Mapping[str, Provider] | None) -> dict[str, Provider]:
    return dict(given or {})


@attrs.define(kw_only=True, slots=False, eq=False, repr=False)
class Opening:
    """Opens the kernel's runtime over what a test has.

    Attributes:
        store: Where runs are kept.
        clock: The time.
        llm: The model that answers, whatever provider and model are asked for.
        config: Its ``[journal]``, ``[exporters]`` and ``[watches]`` count for nothing here.
        policies: Policies after the configured ones.
        providers: Providers by name that the scripted model does not stand in for.
        plugins: What is installed, if not what is installed.
        price: What calls cost that no script gives a price.
        seed: Ids and keys of runs are drawn from it.
        trial: What the runs go through; None if nothing.
        watches: Who looks on while workflow code runs.
    """

    store: Store
    clock: VirtualClock
    llm: Answering
    config: Config = attrs.field(default=None, converter=_config)
    policies: Sequence[OwnPolicy] = ()
    providers: dict[str, Provider] = attrs.field(default=None, converter=_by_name)
    plugins: Plugins | None = None
    price: PriceHook = FREE
    seed: str = ""
    trial: Trial | None = attrs.field(default=None, init=False)
    watches: Sequence[Watch] = attrs.field(default=(), init=False)
    _draw: Draw = attrs.field(init=False)
    _opened: Opened | None = attrs.field(default=None, init=False)
    _kernel: Runtime | None = attrs.field(default=None, init=False)

    @_draw.default
    def _seeded(self) -> Draw:
        return Draw(self.seed)

    def sync(self, verb: Coroutine[Any, Any, T]) -> T:
        """Return what a verb returns, in a test that is no ``async def``.

        .. code-block:: python

            runtime.sync(runtime.approve(run.id))

        Raises:
            UsageError: If a loop is running already.
        """
        return run_here(verb, self._leave)

    async def _leave(self) -> None:
        """Give back what is still running, before its loop ends."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Runtime]:
        """Have the kernel's runtime open on the running loop; the last to leave closes it."""
        opened = self._hold()
        try:
            yield await opened.runtime()
        finally:
            await opened.leave()

    def held_open(self) -> Opened:
        """Return what holds the kernel's runtime open, within a verb.

        Raises:
            UsageError: If nothing does.
        """
        if self._opened is None:
            raise UsageError("the runtime is not open")
        return self._opened

    @property
    def in_use(self) -> bool:
        """Whether the kernel's runtime is open, on the loop that runs here."""
        return self._opened is not None and self._opened.usable

    @property
    def moving(self) -> bool:
        """Whether anything goes on by itself, without those who sleep by the clock."""
        return self._kernel is not None and self._kernel.under_way > self.clock.asleep

    @property
    def drawn(self) -> int:
        """How many random numbers were drawn for ids and keys; set it back to draw them again."""
        return self._draw.count

    @drawn.setter
    def drawn(self, count: int) -> None:
        self._draw.count = count

    def _hold(self) -> Opened:
        if self._opened is None or not self._opened.usable:
            self._opened = Opened(self._open)
        self._opened.join()
        return self._opened

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Runtime]:
        options = attrs.evolve(self.config.runtime, grace_s=min(self.config.runtime.grace_s, GRACE_S))
        async with Runtime.open(
            attrs.evolve(self.config, runtime=options, exporters={}, watches={}),
            store=self.store,
            policies=self.policies,
            plugins=self.plugins or _installed(tuple(self.config.plugins.disabled)),
            clock=self.clock,
            price=self.price,
            watches=self.watches,
            draw=self._draw,
            hold=self.trial.hold if self.trial is not None else None,
        ) as runtime:
            self.plugins = runtime.plugins  # finding them takes longer than most runs
            runtime.models = self._models(runtime.models)
            trial = self.trial
            self._kernel = runtime
            with self.clock.follows(lambda: runtime.under_way + (trial.held if trial is not None else 0)):
                yield runtime
            self._kernel = None

    def _models(self, models: Models) -> Models:
        async def provider(name: str) -> Provider:
            return self.providers.get(name) or await self.llm.answering(name, models.provider)

        return attrs.evolve(models, aliases=_AnyAlias(models.aliases), provider=provider)

    async def __aexit__(self, *_: object) -> None:
        if self._opened is not None:
            await self._opened.leave()

    def end(self) -> None:
        """Close what a test has left open: its runs are given back, resumable."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close_from_outside()


class _AnyAlias(dict[str, Sequence[str]]):
    """Aliases of models, in which a name that nobody has configured means the scripted model of that name."""

    def get(self, name: str, default: Any = None) -> Any:
        if name in self or ":" in name:
            return super().get(name, default)
        return (f"{NAME}:{name}",)


@functools.cache
def _installed(disabled: tuple[str, ...]) -> Plugins:
    """Return what is installed; looked up once a process, since a test opens a runtime for each verb."""
    return Plugins(disabled=disabled)
