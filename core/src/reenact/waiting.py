"""Steps that wait and have no effect: timers, signals, and the messages that answer them."""

import asyncio
import logging
from typing import Protocol

from reenact.book import Book
from reenact.codec import decode
from reenact.errors import NotStorableError
from reenact.records import Message, Status
from reenact.reuse import Earlier
from reenact.scheduler import Alarm
from reenact.services import Services
from reenact.steps import WAITING, Call, Outcome

log = logging.getLogger("reenact.step")

_SOON_NS = 1_000_000


class Host(Protocol):
    """The run that steps are performed for."""

    def completed(self, call: Call, outcome: Outcome) -> None:
        """Take the end of a step."""

    def admitted(self, call: Call) -> None:
        """Take a step that policies and limits let begin."""

    def wake(self) -> None:
        """Look again at what there is to do."""

    def abort(self, error: BaseException) -> None:
        """End: the record cannot be added to."""


class _Nobody:
    """Hears what comes in after a run is over."""

    def completed(self, call: Call, outcome: Outcome) -> None:
        log.debug("%s was %s after its run", call.path, outcome.status)

    def admitted(self, call: Call) -> None:
        log.debug("%s was let begin after its run", call.path)

    def wake(self) -> None:
        log.debug("a run that is over was woken")

    def abort(self, error: BaseException) -> None:
        log.debug("a run that is over could not write: %s", error)


NOBODY = _Nobody()
"""Takes the place of a run that is over, which need then not wait for the collector."""


class Waiting:
    """The timers and signals that one run waits for.

    Args:
        book: Where they go on record.
        services: What the runs of the process share.
        host: The run, which is told what becomes of them.
    """

    def __init__(self, book: Book, services: Services, host: Host) -> None:
        self._book = book
        self._clock = services.clock
        self.host: Host = host
        self._signals: dict[str, Call] = {}
        self._alarms: dict[Call, Alarm] = {}
        self._unclaimed: dict[int, Message] = {}
        self._questions: dict[str, asyncio.Future[tuple[int, bool]]] = {}
        self._heard: set[int] = set()

    @property
    def calls(self) -> list[Call]:
        """The steps that wait."""
        return [*self._signals.values(), *self._alarms]

    @property
    def waits_for(self) -> list[str]:
        """What has to come from outside."""
        return [f"{call.spec.name} at {call.path}" for call in self._signals.values()]

    @property
    def overdue(self) -> bool:
        """Whether a timer is about to ring; a run is not given back before it has."""
        soon_ns = self._clock.now_ns() + _SOON_NS if self._alarms else 0
        return any(call.due_ns <= soon_ns for call in self._alarms)

    def begin(self, call: Call) -> None:
        """Have a timer or a signal wait; one that waited before goes on by its first due time."""
        if call.recorded is None:
            self._book.intent(call, Status.WAITING)
        elif call.spec.kind == "timer":
            call.due_ns = call.recorded.intent.due_ns + call.recorded.paused_ns
        call.state = WAITING
        if call.spec.kind == "timer":
            self._alarms[call] = self._clock.alarm(call.due_ns, lambda: self._ring(call))
        else:
            self._signals[call.path] = call
            self._offer()

    def _offer(self) -> None:
        """Give what no step has taken to those that wait now, in the order in which it was sent."""
        for _, message in sorted(self._unclaimed.items()):
            self.answer(message)

    def give_back(self, outcome: Outcome) -> None:
        """Have the answer to a wait that the workflow has called off be there for another one."""
        if outcome.message is not None:
            self.answer(outcome.message)

    def _ring(self, call: Call) -> None:
        self._alarms.pop(call, None)
        if call.state is WAITING:
            self.host.completed(call, Outcome(Status.SUCCEEDED))

    def skip(self, earlier: Earlier) -> bool:
        """Let the first timer be over that the other run has waited for already; say whether there is one.

        Nothing else goes on, and nobody is waited for, so the time in between would be spent for nothing.
        """
        if self._signals or not self._alarms:
            return False
        call = min(self._alarms, key=lambda waiting: waiting.due_ns)
        taken = earlier.fired(call.path)
        if taken is None:
            return False
        self._alarms.pop(call).cancel()
        self.host.completed(call, Outcome(Status.SUCCEEDED, taken=taken))
        return True

    def is_news(self, message: Message) -> bool:
        """Say whether *message* was not told before."""
        if message.id in self._heard:
            return False
        self._heard.add(message.id)
        return True

    def ask(self, path: str) -> "asyncio.Future[tuple[int, bool]]":
        """Return what will hold the answer to a policy's question about a step, and its message's id."""
        asked = self._questions[path] = asyncio.get_running_loop().create_future()
        self._offer()
        return asked

    def forget(self, path: str) -> None:
        """Take a policy's question back."""
        self._questions.pop(path, None)

    def _answer_question(self, message: Message) -> bool:
        """Give *message* to a policy's question; say whether it was for one."""
        asked = self._questions.get(message.name)
        if asked is None or asked.done():
            return False
        self._unclaimed.pop(message.id, None)
        answer = decode(message.body)
        if isinstance(answer, bool):
            asked.set_result((message.id, answer))
        else:
            log.warning("an answer for %s is neither yes nor no and was dropped", message.name)
            self._book.consume(message.id)
            self.host.wake()
        return True

    def answer(self, message: Message) -> None:
        """Give *message* to the step that waits for it, or keep it until one does."""
        if self._answer_question(message):
            return
        call = self._signals.get(message.name) or next(
            (call for call in self._signals.values() if call.spec.name == message.name), None
        )
        if call is None:
            self._unclaimed[message.id] = message
            return
        self._unclaimed.pop(message.id, None)
        assert call.shape is not None  # noqa: S101  # a signal has the type that it waits for
        try:
            value = call.shape.read(decode(message.body))
            settled = call.shape.settle(value, self._book.blobs)
        except Exception as error:
            problem = f"{error.at}: {error.problem}" if isinstance(error, NotStorableError) else error
            log.warning("an answer for %s does not fit and was dropped: %s", call.path, problem)
            self._book.consume(message.id)
            self.host.wake()
            return
        del self._signals[call.path]
        self.host.completed(call, Outcome(Status.SUCCEEDED, settled=settled, message=message))

    def call_off(self, call: Call) -> None:
        """Stop waiting."""
        alarm = self._alarms.pop(call, None)
        if alarm is not None:
            alarm.cancel()
        self._signals.pop(call.path, None)

    def cancel_all(self) -> None:
        """Stop waiting for anything."""
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()
        self._signals.clear()
