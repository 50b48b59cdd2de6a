"""Which entry answers a request: the first whose conditions all hold.

A request is all there is to go by. The number of a step, the attempt and how often
the model has spoken are in it; how often this process was asked is not, because the
process may be another one by then.
"""

import difflib
import re
from collections.abc import Sequence

import attrs
from reenact.errors import BadRequestError
from reenact.llm import LlmMessage, LlmRequest
from reenact.seams import CallContext

from reenact_scripted.script import Answer, Entry

SHOWN_CHARS = 160
_NUMBER = re.compile(r"#(\d+)$")


@attrs.frozen(kw_only=True)
class Question:
    """What of a request decides what is answered.

    Attributes:
        path: The step.
        model: The model asked for.
        attempt: Which try of the step, from 1.
        turn: How often the model has spoken in the conversation.
        said: What system, user and tools have said.
    """

    path: str
    model: str
    attempt: int
    turn: int
    said: str

    @property
    def number(self) -> int:
        """The number at the end of the path; 0 if a key stands in its place."""
        found = _NUMBER.search(self.path)
        return int(found[1]) if found else 0


def question_of(model: str, request: LlmRequest, context: CallContext) -> Question:
    """Return what of a request decides what is answered."""
    spoken = [message.role == "assistant" for message in request.messages]
    heard = (message for message, own in zip(request.messages, spoken, strict=True) if not own)
    return Question(
        path=context.trace.path,
        model=model,
        attempt=context.trace.attempt,
        turn=sum(spoken),
        said="\n".join(_said(message) for message in heard),
    )


def _said(message: LlmMessage) -> str:
    return "".join(part.text for part in message.parts if part.type in ("text", "document", "tool_result"))


@attrs.frozen
class Condition:
    """One thing an entry asks of a request.

    Attributes:
        name: Its key in the file.
        wanted: What the entry has there.
        found: What the request has there.
        holds: Whether that will do.
    """

    name: str
    wanted: str
    found: str
    holds: bool


def conditions(entry: Entry, question: Question) -> list[Condition]:
    """Return what *entry* asks of a request, and what *question* has."""
    asked = [
        Condition("path", entry.path, question.path, _matches(entry.path, question.path)),
        Condition("model", entry.model, question.model, _matches(entry.model, question.model)),
    ]
    for phrase in entry.phrases:
        holds = phrase in question.said
        asked.append(Condition("prompt", phrase, phrase if holds else _nearest(phrase, question.said), holds))
    asked += _listed("turns", entry.turns, question.turn)
    asked += _listed("repeats", entry.repeats, question.number)
    return asked


def _listed(name: str, answers: Sequence[Answer], place: int) -> list[Condition]:
    if not answers:
        return []
    return [Condition(name, f"0 to {len(answers) - 1}", str(place), place < len(answers))]


def _matches(pattern: str, text: str) -> bool:
    """Say whether *text* fits: ``*`` is anything without a slash, ``**`` anything, the rest itself."""
    parts = re.split(r"(\*\*|\*)", pattern)
    spelled = (".*" if part == "**" else "[^/]*" if part == "*" else re.escape(part) for part in parts)
    return re.fullmatch("".join(spelled), text, re.DOTALL) is not None


def _nearest(phrase: str, said: str) -> str:
    lines = said.splitlines()
    close = difflib.get_close_matches(phrase, lines, n=1, cutoff=0.3)
    return (close or lines or [""])[0]


def choose(entries: Sequence[Entry], question: Question, file: str) -> tuple[int, Answer]:
    """Return what is answered to *question*, and the position of its entry in the file.

    Raises:
        BadRequestError: If no entry answers; it shows the nearest as a diff.
    """
    nearest: tuple[float, int, list[Condition]] | None = None
    for position, entry in enumerate(entries):
        asked = conditions(entry, question)
        if all(condition.holds for condition in asked):
            return position, _one_of(entry, question)
        near = sum(_nearness(condition) for condition in asked) / len(asked)
        if nearest is None or near > nearest[0]:
            nearest = near, position, asked
    raise BadRequestError("scripted", _explained(question, file, nearest and nearest[1:]))


def _one_of(entry: Entry, question: Question) -> Answer:
    if entry.turns:
        return entry.turns[question.turn]
    return entry.repeats[question.number] if entry.repeats else entry


def _nearness(condition: Condition) -> float:
    if condition.holds:
        return 1.0
    return difflib.SequenceMatcher(None, condition.wanted, condition.found).ratio() * 0.9


def _explained(question: Question, file: str, nearest: tuple[int, list[Condition]] | None) -> str:
    asked = f"{question.path!r} (model {question.model!r}, turn {question.turn})"
    if nearest is None:
        return f"no entry of {file} answers {asked}: it has none"
    position, conditions_of_it = nearest
    lines = [f"no entry of {file} answers {asked}; nearest is answer[{position}] (- it, + the request):"]
    for condition in conditions_of_it:
        if condition.holds:
            lines.append(f"    {condition.name} = {_shown(condition.wanted)}")
        else:
            lines.append(f"  - {condition.name} = {_shown(condition.wanted)}")
            lines.append(f"  + {condition.name} = {_shown(condition.found)}")
    return "\n".join(lines)


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…")
