"""Steps that a policy has wait: for a time, for a person, or behind another step's question.

Such a step has not asked its provider yet. Its wait is on record, so that another process
takes it up where it was. Of the steps of a run that ask about one topic, one asks the
question; the others wait until that one has gone on, and are judged again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from reenact.scheduler import Clock, sleep_until
from reenact.seams import Wait
from reenact.steps import Call
from reenact.waiting import Waiting

Sooner = Callable[[], Awaitable[None]]


class Pauses:
    """The steps of one run that policies have wait.

    Args:
        waiting: Hears the answers.
    """

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._paused: set[Call] = set()
        self._for_somebody: dict[Call, str] = {}
        self._askers: dict[str, Call] = {}
        self._behind: dict[str, list[asyncio.Future[bool | None]]] = {}

    @property
    def waits_for(self) -> list[str]:
        """What has to come from outside."""
        return [what for what in self._for_somebody.values() if what]

    def need_somebody(self, call: Call) -> bool:
        """Say whether a step can go on only when somebody has answered."""
        return call in self._for_somebody

    def __contains__(self, call: Call) -> bool:
        return call in self._paused

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
            works.append(sleep_until(clock, due_ns))
        if sooner is not None:
            works.append(sooner())
        if asks:
            works.append(self._answer(call, str(asks.get("topic", "")), asked="question" in asks))
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # what a policy's own wait raised is the step's error
        finally:
            for task in tasks:
                task.cancel()
            self._paused.discard(call)
            self._for_somebody.pop(call, None)

    async def _answer(self, call: Call, topic: str, *, asked: bool) -> None:
        if asked:
            await self._own_answer(call)
        elif topic in self._askers:
            self._for_somebody[call] = ""
            turn: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
            self._behind.setdefault(topic, []).append(turn)
            self._waiting.host.wake()
            call.answer = await turn

    async def _own_answer(self, call: Call) -> None:
        self._for_somebody[call] = f"approve at {call.path}"
        self._waiting.host.wake()
        try:
            message_id, call.answer = await self._waiting.ask(call.path)
            call.answered_by = message_id
        finally:
            self._waiting.forget(call.path)

    def gone_on(self, call: Call) -> None:
        """Note that a step has been judged again, or is over: those behind its question are next."""
        for topic in [topic for topic, asker in self._askers.items() if asker is call]:
            del self._askers[topic]
            answer = False if call.answer is False else None
            for turn in self._behind.pop(topic, ()):
                if not turn.done():
                    turn.set_result(answer)
