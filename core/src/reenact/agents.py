"""Asking models from workflows: `llm` with tools and structured output, and `complete` for one call.

Each call of a model is a step, and so is each call of a tool. The steps that an
answer leads to stand under it: ``llm#0``, then ``llm#0/search#0``,
``llm#0/round#0`` and so on.
"""

import functools
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, overload

import attrs

from reenact.asking import Site, checked_name, hash_input, perform, running
from reenact.authoring import Tool
from reenact.blocks import gather_or_cancel, spawn
from reenact.calling import Listener, LlmCall
from reenact.codec import canonical, plain, read_as, type_name
from reenact.errors import NotStorableError, OutputError, PolicyDeniedError, TooManyRoundsError, UsageError
from reenact.execution import Execution
from reenact.llm import (
    NO_OPAQUE,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Part,
    ToolSpec,
    system,
    tool_result,
    user,
)
from reenact.placeholders import Placeholders
from reenact.records import Cache, Changes, DecisionRecord
from reenact.schema import parameters_of, schema_of
from reenact.scopes import Scope, current_scope
from reenact.shapes import LlmShape
from reenact.steps import Call, StepSpec

T = TypeVar("T")

MAX_ROUNDS = 8
REPAIRS = 1

Prompt = str | Sequence[LlmMessage]


async def complete(
    request: LlmRequest,
    *,
    name: str = "llm",
    key: str | None = None,
    cache: Cache | None = None,
    on_event: Listener | None = None,
) -> LlmResponse:
    """Ask a model once, as one step.

    Args:
        request: What to ask.
        name: What the step's path calls it.
        key: Names the step instead of a number.
        cache: ``workflow`` to take the outcome that another run of the workflow had for the same
            input, if there is one; as configured if None.
        on_event: Told of the answer as it comes, on the real loop; not called on replay.

    Raises:
        ProviderError: If no model that may be asked has answered.
        PolicyDeniedError: If a policy refused.
    """
    frame = sys._getframe(1)
    site = (frame.f_code, frame.f_lineno)
    execution = _need_run()
    path = current_scope.get().path(checked_name(name), key)
    return await _ask(execution, request, path, name, on_event, site, cache)


def _need_run() -> Execution:
    execution = running()
    if execution is None:
        raise UsageError(
            "a model can be asked from a workflow only, where the call goes on record: "
            "start it with 'await runtime.run(workflow, ...)' or 'reenact run', "
            "and ask in the workflow, not in a step"
        )
    return execution


async def _ask(
    execution: Execution,
    request: LlmRequest,
    path: str,
    name: str,
    on_event: Listener | None,
    site: Site,
    cache: Cache | None,
) -> LlmResponse:
    models = execution.host.models
    spelled = request.spelled(execution.chains)
    asked, decisions = _as_set(request, execution.history.changes)
    performing = LlmCall(
        models=models,
        request=asked,
        run=execution.run,
        chains=execution.chains,
        listener=on_event,
        known=execution.known,
    )
    if asked is request:
        performing.spelled = spelled
    wanted = execution.live or execution.earlier is not None
    targets = models.targets(asked.model) if wanted else ()
    spec = StepSpec(
        kind="llm",
        name=name,
        retry=models.retry.among(len(targets)),
        timeout_s=models.timeout_s,
        pool=f"provider:{targets[0].provider}" if targets else "",
        models=tuple(map(str, targets)),
        cache=cache,
        stand_in_pools=tuple(f"provider:{target.provider}" for target in targets[1:]),
    )
    call = Call(
        spec,
        path,
        hash_input("llm", name, canonical(spelled)),
        performing.spell,
        shape=LlmShape(performing, execution.chains),
        site=site,
    )
    call.gate, call.answer_judges = performing.gate, models.chain.answer_judges
    call.decisions = decisions
    call.body = performing.bound(call)
    call.give_up, call.ahead = performing.give_up, performing.ahead
    return performing.delivered(await perform(execution, call))


def _as_set(request: LlmRequest, changes: Changes) -> tuple[LlmRequest, list[DecisionRecord]]:
    """Return the request with what was set for the run in place, and a record of that."""
    if not changes.model or changes.model == request.model:
        return request, []
    reason = f"model set to {changes.model} in place of {request.model}"
    decision = DecisionRecord(
        policy=":set", version="1", config="", stage="request", verdict="modify", reason=reason
    )
    return attrs.evolve(request, model=changes.model), [decision]


@overload
async def llm(
    model: str,
    prompt: Prompt,
    *,
    system: str = ...,
    tools: Sequence[Tool[..., Any]] = ...,
    tool_choice: str = ...,
    max_rounds: int = ...,
    name: str = ...,
    key: str | None = ...,
    max_tokens: int | None = ...,
    temperature: float | None = ...,
    top_p: float | None = ...,
    stop: Sequence[str] = ...,
    seed: int | None = ...,
    options: Mapping[str, Any] = ...,
    cache: Cache | None = ...,
    on_event: Listener | None = ...,
) -> str: ...
@overload
async def llm(
    model: str,
    prompt: Prompt,
    *,
    output: type[T],
    system: str = ...,
    tools: Sequence[Tool[..., Any]] = ...,
    tool_choice: str = ...,
    max_rounds: int = ...,
    name: str = ...,
    key: str | None = ...,
    max_tokens: int | None = ...,
    temperature: float | None = ...,
    top_p: float | None = ...,
    stop: Sequence[str] = ...,
    seed: int | None = ...,
    options: Mapping[str, Any] = ...,
    cache: Cache | None = ...,
    on_event: Listener | None = ...,
) -> T: ...
async def llm(
    model: str,
    prompt: Prompt,
    *,
    output: Any = None,
    system: str = "",
    tools: Sequence[Tool[..., Any]] = (),
    tool_choice: str = "auto",
    max_rounds: int = MAX_ROUNDS,
    name: str = "llm",
    key: str | None = None,
    cache: Cache | None = None,
    on_event: Listener | None = None,
    **sampling: Any,
) -> Any:
    """Ask a model and return its answer: text, or *output* if a type is given.

    With tools, the model is asked again with their results until it answers, each call of
    the model and of a tool being a step of its own. An answer that does not fit *output*
    gets one round of repair.

    Args:
        model: An alias of the configuration, or ``provider:model``.
        prompt: What to ask; text, or a conversation.
        output: The type of the answer: an attrs class, dataclass, TypedDict, pydantic model.
        system: What the model is told first.
        tools: What it may call; made with `tool`.
        tool_choice: ``auto``, ``required``, ``none`` or the name of one tool, in the first round.
        max_rounds: How often it may ask for tools.
        name: What the step's path calls it.
        key: Names the step instead of a number.
        cache: ``workflow`` to take the answers that another run of the workflow had for the same
            inputs, if there are any; as configured if None.
        on_event: Told of answers as they come, on the real loop; not called on replay.
        sampling: ``max_tokens``, ``temperature``, ``top_p``, ``stop``, ``seed`` and the vendor's
            own ``options``; sent only if set.

    Raises:
        ProviderError: If no model that may be asked has answered.
        PolicyDeniedError: If a policy refused.
        OutputError: If the answer does not fit, also after a repair; it has the answer.
        TooManyRoundsError: If the model goes on asking for tools.
    """
    frame = sys._getframe(1)
    execution = _need_run()
    request = _request(model, prompt, system, tools, tool_choice, output, sampling)
    talk = _Talk(
        execution=execution,
        request=request,
        tools={one.name: one for one in tools},
        path=current_scope.get().path(checked_name(name), key),
        name=name,
        cache=cache,
        on_event=on_event,
        site=(frame.f_code, frame.f_lineno),
    )
    response = await talk.until_answered(max_rounds)
    if output is None:
        return response.text
    return await talk.fitting(response, output)


def _request(
    model: str,
    prompt: Prompt,
    instructions: str,
    tools: Sequence[Tool[..., Any]],
    tool_choice: str,
    output: Any,
    sampling: Mapping[str, Any],
) -> LlmRequest:
    unknown = set(sampling) - {"max_tokens", "temperature", "top_p", "stop", "seed", "options"}
    if unknown:
        raise TypeError(f"llm() got an unexpected keyword argument {sorted(unknown)[0]!r}")
    said = (user(prompt),) if isinstance(prompt, str) else tuple(prompt)
    specs = [ToolSpec(name=t.name, description=t.description, parameters=parameters_of(t.fn)) for t in tools]
    return LlmRequest(
        model=model,
        messages=(system(instructions), *said) if instructions else said,
        tools=specs,
        tool_choice=tool_choice,
        output_schema=None if output is None else schema_of(output),
        output_name="" if output is None else type_name(output),
        **{"options": NO_OPAQUE, **sampling},
    )


@attrs.define(kw_only=True)
class _Talk:
    """A conversation with a model: rounds, tool calls, repairs."""

    execution: Execution
    request: LlmRequest
    tools: Mapping[str, Tool[..., Any]]
    path: str
    name: str
    cache: Cache | None
    on_event: Listener | None
    site: Site
    scope: Scope = attrs.field(default=attrs.Factory(lambda self: Scope(self.path), takes_self=True))

    async def ask(self, path: str) -> LlmResponse:
        return await _ask(self.execution, self.request, path, self.name, self.on_event, self.site, self.cache)

    def say(self, *messages: LlmMessage) -> None:
        self.request = attrs.evolve(self.request, messages=(*self.request.messages, *messages))

    async def until_answered(self, max_rounds: int) -> LlmResponse:
        response = await self.ask(self.path)
        rounds = 0
        while response.tool_calls and self.tools:
            rounds += 1
            if rounds > max_rounds:
                raise TooManyRoundsError(self.path, max_rounds)
            results = await gather_or_cancel(
                [spawn(self.scope, functools.partial(self.use, call)) for call in response.tool_calls]
            )
            self.say(response.message, *results)
            if self.request.tool_choice not in ("auto", "none"):
                self.request = attrs.evolve(self.request, tool_choice="auto")
            response = await self.ask(self.scope.path("round"))
        return response

    async def use(self, call: Part) -> LlmMessage:
        """Call a tool as the model asked, and return what the model is told of it."""
        tool = self.tools.get(call.name)
        if tool is None:
            known = ", ".join(self.tools)
            return tool_result(call, f"there is no tool {call.name!r}; there are: {known}", failed=True)
        if call.arguments is None:
            return tool_result(call, "the arguments are not valid JSON", failed=True)
        try:
            result = await tool.from_model(dict(call.arguments))
        except (NotStorableError, TypeError) as error:
            return tool_result(call, f"the arguments do not fit: {error}", failed=True)
        except PolicyDeniedError as error:
            return tool_result(call, f"refused: {error.reason}", failed=True)
        except Exception as error:
            if tool.raises:
                raise
            return tool_result(call, f"{type(error).__name__}: {error}", failed=True)
        return tool_result(call, result if isinstance(result, str) else _as_text(result))

    async def fitting(self, response: LlmResponse, output: Any) -> Any:
        """Return the answer as *output*, asking once more if it does not fit."""
        problem = ""
        for repair in range(REPAIRS + 1):
            try:
                return read_as(_parsed(response.text), output)
            except NotStorableError as error:
                problem = str(error)
            if repair < REPAIRS:
                self.say(response.message, user(REPAIR_PROMPT.format(problem=problem)))
                response = await self.ask(self.scope.path("repair"))
        known = Placeholders(self.execution.known)  # the error goes on record
        raise OutputError(type_name(output), known.hide_for_good(problem), known.hide_for_good(response.text))


REPAIR_PROMPT = (
    "Your answer does not fit the schema: {problem}\nAnswer again, with JSON that fits and nothing else."
)


def _parsed(text: str) -> Any:
    """Return the JSON of an answer, which may stand in a code fence."""
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.partition("\n")[2].rpartition("```")[0]
    try:
        return json.loads(bare, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotStorableError("$", f"not JSON: {error}") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


def _as_text(result: object) -> str:
    return canonical(plain(result)).decode()
