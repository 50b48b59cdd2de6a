"""Steps that a policy has wait: for a time, for a person, or behind another step's question.

Such a step has not asked its provider yet. Its wait is on record, so that another process
takes it up where it was. Of the steps of a run that ask about one topic, one asks the
question; the others wait until that one has gone on, and are judged again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs

from reenact.judging import Wait
from reenact.scheduler import Clock, sleep_until
from reenact.steps import Call
from reenact.waiting import Waiting

log = logging.getLogger("reenact.step")


Sooner = Callable[[], Awaitable[None]]


@attrs.frozen
class _Turn:
    """What a step waits for somebody for, in words, and what ends that."""

    what: str
    come: "asyncio.Future[Any]"


class Pauses:
    """The steps of one run that policies have wait.

    Args:
        waiting: Hears the answers.
    """

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._paused: set[Call] = set()
        self._for_somebody: dict[Call, _Turn] = {}
        self._askers: dict[str, Call] = {}
        self._behind: dict[str, list[asyncio.Future[bool | None]]] = {}

    @property
    def waits_for(self) -> list[str]:
        """What has to come from outside."""
        return [turn.what for turn in self._for_somebody.values() if turn.what]

    def need_somebody(self, call: Call) -> bool:
        """Say whether a step can go on only when somebody has answered."""
        turn = self._for_somebody.get(call)
        return turn is not None and not turn.come.done()

    def __contains__(self, call: Call) -> bool:
        return call in self._paused

    def __len__(self) -> int:
        """How many steps do nothing but wait."""
        return len(self._paused)

    def asks(self, call: Call, wait: Wait) -> dict[str, Any]:
        """Return what goes on record of whom *wait* asks for what; empty if it only takes time."""
        if not wait.question:
            return {}
        topic = wait.topic or call.path
        if self._askers.get(topic, call) is not call:
            return {"topic": topic}
        self._askers[topic] = call
        return {"question": wait.question, "show": wait.show, "topic": topic}

    def recall(self, call: Call, asks: Mapping[str, Any]) -> None:
        """Note what a step asks on record, before those that wait behind it look for it."""
        if "question" in asks:
            self._askers[str(asks.get("topic", ""))] = call

    async def wait_out(
        self, call: Call, clock: Clock, due_ns: int, asks: Mapping[str, Any], sooner: Sooner | None = None
    ) -> None:
        """Wait until the step may be judged again; what a person has answered is then in the call.

        Args:
            call: The step.
            clock: What *due_ns* goes by.
            due_ns: When its time is up; 0 if only an answer helps.
            asks: What is on record of whom it asks for what.
            sooner: Returns when it is worth asking before.
        """
        self._paused.add(call)
        works: list[Awaitable[object]] = []
        if due_ns:
            works.append(sleep_until(clock, due_ns, lambda: self._paused.discard(call)))
        if sooner is not None:
            works.append(_unless_it_fails(sooner, call, due_ns))
        if asks:
            works.append(self._answer(call, str(asks.get("topic", "")), asked="question" in asks))
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            self._paused.discard(call)
            self._for_somebody.pop(call, None)

    async def _answer(self, call: Call, topic: str, *, asked: bool) -> None:
        if asked:
            await self._own_answer(call)
        elif topic in self._askers:
            turn: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
            self._behind.setdefault(topic, []).append(turn)
            call.answer = await self._turn(call, "", turn)

    async def _own_answer(self, call: Call) -> None:
        asked = self._waiting.ask(call.path)
        try:
            call.answered_by, call.answer = await self._turn(call, f"approve at {call.path}", asked)
        finally:
            self._waiting.forget(call.path)

    async def _turn(self, call: Call, what: str, come: "asyncio.Future[Any]") -> Any:
        """Wait for somebody; the run may be given back in the meantime."""
        self._for_somebody[call] = _Turn(what, come)
        come.add_done_callback(lambda _: self._paused.discard(call))
        self._waiting.host.wake()
        return await come

    def gone_on(self, call: Call) -> None:
        """Note that a step has been judged again, or is over: those behind its question are next."""
        for topic in [topic for topic, asker in self._askers.items() if asker is call]:
            del self._askers[topic]
            answer = False if call.answer is False else None
            for turn in self._behind.pop(topic, ()):
                if not turn.done():
                    turn.set_result(answer)


async def _unless_it_fails(sooner: Sooner, call: Call, due_ns: int) -> None:
    """Wait as a policy likes to; if that fails, only the time is waited for."""
    try:
        await sooner()
    except Exception:
        log.warning("what a policy waits for at %s has failed", call.path, exc_info=True)
        if due_ns:
            await asyncio.get_running_loop().create_future()
