"""Waits for a person: who answers, and how it is asked.

A question and what is shown with it come from the workflow, often from a model: they
are shown as text, controls spelled out.
"""

import select
import sys
from typing import Any, Protocol

import attrs
from reenact.records import RunRecord
from reenact.views import StepView

from reenact_cli import words
from reenact_cli.arguments import parse_json
from reenact_cli.interrupts import INTERRUPTS
from reenact_cli.output import tell

LOOK_S = 0.2
"""How long a signal may take to be noticed at a prompt."""
SHOWN_CHARS_MAX = 6000
_YES, _NO = {"y", "yes"}, {"n", "no"}

Wait = tuple[RunRecord, StepView]


@attrs.frozen
class Answer:
    """An answer.

    Attributes:
        value: It, plain.
    """

    value: Any


class Answers(Protocol):
    """Somebody, or something, that answers waits."""

    def answer(self, wait: Wait, *, again: bool) -> Answer | None:
        """Return the answer, or None if there is none from here.

        Args:
            wait: What is waited for, and in which run.
            again: It was answered before, and the answer did not fit.
        """


class Nobody:
    """Answers nothing."""

    def answer(self, wait: Wait, *, again: bool) -> Answer | None:  # noqa: ARG002  # as the protocol has it
        """Return None."""
        return None


class Yes:
    """Says yes to every question that takes a yes."""

    def answer(self, wait: Wait, *, again: bool) -> Answer | None:
        """Return yes for an approval; None for a signal, and for one that did not take a yes."""
        _, step = wait
        if not step.is_question or again:
            return None
        tell(f"yes     {question(step)}")
        return Answer(True)


class Person:
    """Asks on the terminal."""

    def answer(self, wait: Wait, *, again: bool) -> Answer | None:
        """Return what the person types; None if there is no more input."""
        run, step = wait
        if again:
            tell("that answer does not fit what the workflow asks for")
        else:
            _show(run, step)
        how = "yes, no, or an answer as JSON" if step.is_question else "its value as JSON"
        prompt = f"{question(step)} ({how}): "
        while True:
            typed = _read_line(prompt)
            if typed is None:
                return None
            answer = read_answer(typed, yes_no=step.is_question)
            if answer is not None:
                return answer
            tell(f'{words.clean(typed, 60)!r} is not JSON; text needs quotes: "like this"')


def read_answer(typed: str, *, yes_no: bool) -> Answer | None:
    """Return the answer that *typed* means; None if it means nothing."""
    word = typed.strip().lower()
    if yes_no and word in _YES | _NO:
        return Answer(word in _YES)
    try:
        return Answer(parse_json(typed))
    except ValueError:
        return None


def question(step: StepView) -> str:
    """Return what a wait asks, in one line."""
    asked = step.input.get("question") if isinstance(step.input, dict) else None
    return words.clean(asked if isinstance(asked, str) else f"signal {step.name!r}", 300)


def how_to_answer(waits: list[Wait], again: str) -> list[str]:
    """Return for each wait what it asks and the command that answers it."""
    said = []
    for run, step in waits:
        said.append(f"waits   {question(step)}")
        where = f"{words.quoted(run.id)} {words.quoted(step.path)}{again}"
        if step.is_question:
            said.append(f"answer  reenact approve {where}   (or --no, or --answer JSON)")
        else:
            name = f"{words.quoted(run.id)} {words.quoted(step.name)}"
            said.append(f"answer  reenact signal {name} JSON{again}")
    return said


def _show(run: RunRecord, step: StepView) -> None:
    tell("")
    tell(f"{words.clean(step.path)} of run {words.clean(run.id)} asks: {question(step)}")
    shown = step.input.get("show") if isinstance(step.input, dict) else None
    if shown is not None:
        body = words.value_text(shown, SHOWN_CHARS_MAX)
        tell("\n".join(f"  │ {line}" for line in body.splitlines()))


def _read_line(prompt: str) -> str | None:
    with INTERRUPTS.at_a_prompt():
        sys.stderr.write(prompt)
        sys.stderr.flush()
        while not select.select([sys.stdin], [], [], LOOK_S)[0]:
            continue  # a signal that comes just before a read blocks would wait for the read to end
        line = sys.stdin.readline()
    if not line:
        tell("")
        return None
    return line
