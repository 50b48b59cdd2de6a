# a suite is made of assertions about numbers it chose itself
"""What a model is shown of a request, and what becomes of its answer."""

from typing import Any

import attrs
import pytest
from reenact.errors import BadRequestError
from reenact.llm import LlmMessage, LlmRequest, Part, Usage, assistant, system, tool_result, user

from pytest_reenact.conformance.play import HELLO, PROMPT, TOOLS, TRACE, Play, with_tools
from pytest_reenact.conformance.script import KEY, MODEL, USAGE, Script, ScriptedCall, Seen, Turn, neutral

AWKWARD = ' \n Größe "L"\n\u2028 — 包裹 \U0001f4e6 \\ {"not": json}\ttab\n '
"""Text that is easily broken: white space around it, quotes, strange line ends, four-byte characters."""

SCHEMA = {
    "type": "object",
    "properties": {"queue": {"type": "string"}, "urgent": {"type": "boolean"}},
    "required": ["queue", "urgent"],
    "additionalProperties": False,
}
PARALLEL = (
    ScriptedCall(
        "find_parcel", {"id": "P-1", "deep": {"list": [1, 2.5, None, True], "text": AWKWARD}}, "call_a1"
    ),
    ScriptedCall("now", {}, "call_b2"),
    ScriptedCall("find_parcel", {"id": "P-2"}, "call_c3"),
)
OK = Script(text="ok")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="


def call(call_id: str, **arguments: Any) -> Part:
    """Return a call of ``find_parcel``."""
    return Part(type="tool_call", id=call_id, name="find_parcel", arguments=arguments)


class Questions(Play):
    """What goes out is what was asked, in a form the vendor takes."""

    def test_a_question_reaches_the_model(self) -> None:
        """The model sees the system's words and the user's, and nothing that nobody set."""
        request = LlmRequest(model="any", messages=(system("Be brief."), user(AWKWARD)))

        seen = self.seen(request)

        said = attrs.evolve(seen, sampling={k: v for k, v in seen.sampling.items() if k != "max_tokens"})
        assert said == Seen(model="m", system="Be brief.", turns=(Turn(role="user", texts=(AWKWARD,)),))

    def test_a_stream_asks_the_same(self) -> None:
        """A request for pieces differs from one for the whole in nothing else."""
        whole, pieces = self.seen(HELLO), self.seen(HELLO, stream=True)

        assert not whole.stream
        assert pieces == attrs.evolve(whole, stream=True)

    def test_sampling_is_sent_when_set(self) -> None:
        """Every limit and sampling field that is set arrives under its vendor's name."""
        sampling: dict[str, Any] = {
            "max_tokens": 77,
            "temperature": 0.25,
            "top_p": 0.5,
            "stop": ("END", "STOP"),
        }
        if "seed" in self.double.has:
            sampling["seed"] = 42

        seen = self.seen(attrs.evolve(HELLO, **sampling))

        assert seen.sampling == sampling

    def test_a_conversation_keeps_its_turns(self) -> None:
        """Turns arrive in order, each with its role."""
        messages = (user("one"), assistant("two"), user("three", "four"), assistant("five"), user("six"))

        seen = self.seen(LlmRequest(model="any", messages=messages))

        said = [(turn.role, " ".join(turn.texts).split()) for turn in seen.turns]
        assert said[:3] == [("user", ["one"]), ("assistant", ["two"]), ("user", ["three", "four"])]
        assert said[3:] == [("assistant", ["five"]), ("user", ["six"])]

    def test_images_arrive(self) -> None:
        """An image's bytes arrive beside the text; its address too, where the vendor takes one."""
        if "images" not in self.double.has:
            pytest.skip("the vendor reads no images")
        images = [Part(type="image", data=PIXEL, media_type="image/png")]
        if "image_url" in self.double.has:
            images.append(Part(type="image", url="https://example.com/a.png", media_type="image/png"))

        seen = self.seen(LlmRequest(model="any", messages=(user("What is it?", *images),)))

        assert seen.turns[0].texts == ("What is it?",)
        assert seen.turns[0].media == tuple(part.url or PIXEL for part in images)

    def test_documents_arrive(self) -> None:
        """A document that is text arrives as text with its title, one in bytes where the vendor takes one."""
        text = Part(type="document", text="Parcels travel by night.", title="handbook", trusted=False)
        parts = [text]
        if "documents" in self.double.has:
            parts.append(Part(type="document", data="JVBERi0=", media_type="application/pdf", title="a.pdf"))

        seen = self.seen(LlmRequest(model="any", messages=(user("Read.", *parts),)))

        told = " ".join(seen.turns[0].texts)
        assert "Parcels travel by night." in told
        assert "handbook" in told
        assert seen.turns[0].media == tuple(part.data for part in parts[1:])

    def test_tools_are_on_offer(self) -> None:
        """Tools arrive with their schemas, and the choice is left to the model."""
        seen = self.seen(with_tools(HELLO))

        assert seen.tools == {tool.name: tool.parameters for tool in TOOLS}
        assert seen.choice == "auto"

    @pytest.mark.parametrize("choice", ["required", "none", "find_parcel"])
    def test_tool_choice(self, choice: str) -> None:
        """What must or must not be called arrives, where the vendor has a word for it."""
        need = choice if choice in {"required", "none"} else "choice"
        if need not in self.double.has:
            pytest.skip(f"the vendor has no word for {choice!r}")

        seen = self.seen(with_tools(HELLO, tool_choice=choice))

        assert seen.choice == choice

    def test_results_find_their_calls(self) -> None:
        """Results of parallel calls arrive together, each at its own call."""
        calls = (call("call_a1", id="P-1"), call("call_b2", id="P-2"))
        results = (tool_result(calls[0], "in Graz"), tool_result(calls[1], "lost", failed=True))
        messages = (user(PROMPT), assistant("I look.", *calls), *results, user("And?"))

        seen = self.seen(with_tools(LlmRequest(model="any", messages=messages)))

        given = [number_and_text for turn in seen.turns for number_and_text in turn.results]
        made = [made for turn in seen.turns for made in turn.calls]
        assert made == [(0, "find_parcel", {"id": "P-1"}), (1, "find_parcel", {"id": "P-2"})]
        assert [(number, text.split()[-1]) for number, text in given] == [(0, "Graz"), (1, "lost")]

    @pytest.mark.parametrize("ids", [("functions.f:0", "functions.f:1"), ("a", "b"), ("ü" * 80, "ü" * 79)])
    def test_ids_of_other_vendors_are_mapped(self, ids: tuple[str, str]) -> None:
        """Ids that are legal elsewhere are made legal here, alike in call and result, two never alike."""
        calls = [call(id_, id=id_) for id_ in ids]
        results = [tool_result(made, f"about {made.id}") for made in calls]

        seen = self.seen(
            with_tools(LlmRequest(model="any", messages=(user(PROMPT), assistant(*calls), *results)))
        )

        given = [number for turn in seen.turns for number, _ in turn.results]
        assert given == [0, 1]

    def test_arguments_that_are_no_json_go_back(self) -> None:
        """A call whose arguments are no JSON can stand in the conversation that repairs it."""
        broken = Part(type="tool_call", id="call_a1", name="now", arguments=None, raw_arguments='{"a": ')
        messages = (user(PROMPT), assistant(broken), tool_result(broken, "no JSON", failed=True))

        seen = self.seen(with_tools(LlmRequest(model="any", messages=messages)))

        assert [made[:2] for turn in seen.turns for made in turn.calls] == [(0, "now")]

    def test_a_schema_arrives(self) -> None:
        """What the answer must fit arrives, natively or as a tool that must be called."""
        seen = self.seen(attrs.evolve(HELLO, output_schema=SCHEMA, output_name="Triage"))

        assert seen.schema == SCHEMA

    def test_vendor_options_pass_through(self) -> None:
        """Options by the vendor's own name stand in the request as they are."""
        passed = self.sent(attrs.evolve(HELLO, options={"of_the_vendor": {"a": [1]}})).json["of_the_vendor"]

        assert passed == {"a": [1]}

    def test_what_is_the_providers_is_not_an_option(self) -> None:
        """An option that would replace the conversation is refused before anything is sent."""
        own = sorted({"messages", "contents"} & set(self.sent().json))

        errors = [self.fails(self.says(OK), attrs.evolve(HELLO, options={name: []})) for name in own]

        assert errors
        assert all(isinstance(error, BadRequestError) and not error.retryable for error in errors)

    def test_headers(self) -> None:
        """The key, the trace and the kind of content go out with each request; nothing of the environment."""
        headers = self.sent().headers

        assert headers["traceparent"] == TRACE.traceparent
        assert headers["content-type"] == "application/json"
        assert sum(KEY in value for value in headers.values()) <= 1
        assert "cookie" not in headers

    def test_the_same_request_has_the_same_bytes(self) -> None:
        """A request is spelled one way only, so that gateways and recordings can know it again."""
        orders = ({"a": 1, "b": 2}, {"b": 2, "a": 1})

        spellings = {self.sent(with_tools(attrs.evolve(HELLO, options=options))).body for options in orders}

        assert len(spellings) == 1


class Answers(Play):
    """What the model says comes back, as no vendor spells it."""

    def test_text(self) -> None:
        """An answer's text comes back to the letter, with the model's name and the provider's."""
        response = self.complete(self.says(Script(text=AWKWARD)))

        model = MODEL if "model" in self.double.has else "m"
        assert (response.text, response.finish, response.model) == (AWKWARD, "stop", model)
        assert response.provider == self.provider_name
        assert response.raw is None

    def test_parallel_calls(self) -> None:
        """Several calls come back in order, with their arguments, and say why the answer ended."""
        response = self.complete(self.says(Script(text="I look.", calls=PARALLEL)), with_tools(HELLO))

        assert [(made.name, made.arguments) for made in response.tool_calls] == [
            (made.name, made.arguments) for made in PARALLEL
        ]
        assert response.finish == "tool_calls"
        assert response.text == "I look."

    def test_calls_have_ids_of_their_own(self) -> None:
        """Every call has an id of its own in the conversation, also where the vendor gives none."""
        before = call("call_0", id="P-0")
        request = LlmRequest(
            model="any", messages=(user(PROMPT), assistant(before), tool_result(before, "gone"))
        )

        response = self.complete(self.says(Script(calls=PARALLEL)), with_tools(request))

        ids = [made.id for made in response.tool_calls]
        assert len({*ids, "call_0"}) == 4
        assert "ids" not in self.double.has or ids == [made.id for made in PARALLEL]

    def test_structured_output_is_text(self) -> None:
        """An answer that fits a schema is JSON text, however it was asked for."""
        text = '{"queue":"shipping","urgent":true}'

        response = self.complete(self.says(Script(text=text)), attrs.evolve(HELLO, output_schema=SCHEMA))

        assert (response.text, response.finish, response.tool_calls) == (text, "stop", ())

    def test_usage(self) -> None:
        """Tokens are counted as the kernel counts: cached ones in the input, reasoning in the output."""
        response = self.complete(self.says(OK))

        usage = attrs.evolve(response.usage, billed_input_tokens=None, billed_output_tokens=None)
        assert usage == self._usage()

    def _usage(self) -> Usage:
        has = self.double.has
        return Usage(
            input_tokens=USAGE.input_tokens,
            output_tokens=USAGE.output_tokens,
            cached_tokens=USAGE.cached_tokens if "cached" in has else 0,
            reasoning_tokens=USAGE.reasoning_tokens if "reasoning_tokens" in has else 0,
        )

    def test_the_limit_of_tokens(self) -> None:
        """An answer that the limit cut says so and keeps its text."""
        response = self.complete(self.says(Script(text="Once upon", finish="length")))

        assert (response.text, response.finish) == ("Once upon", "length")

    def test_a_call_cut_by_the_limit_is_no_call(self) -> None:
        """A call that the limit of tokens cut is not handed on; whole ones before it are."""
        if "cut_call" not in self.double.has:
            pytest.skip("the vendor sends calls whole")
        script = Script(calls=PARALLEL[2:], cut_call='{"id": "P-', finish="length")

        whole, events = self.complete(self.says(script)), self.stream(self.says_in_pieces(script))

        last = events[-1].response
        assert last is not None
        assert [made.arguments for made in whole.tool_calls] == [{"id": "P-2"}]
        assert (whole.finish, neutral(last)) == ("length", neutral(whole))

    def test_a_refusal(self) -> None:
        """A refusal says so, and is no text."""
        if "refusal" not in self.double.has:
            pytest.skip("the vendor has no refusals")

        response = self.complete(self.says(Script(refusal="I will not.", finish="refusal")))

        assert (response.finish, response.text) == ("refusal", "")

    def test_a_filter(self) -> None:
        """An answer that the vendor's filter stopped says so."""
        if "filter" not in self.double.has:
            pytest.skip("the vendor has no filter")

        response = self.complete(self.says(Script(finish="content_filter")))

        assert (response.finish, response.text) == ("content_filter", "")

    def test_reasoning_is_no_text(self) -> None:
        """What the model thinks is a part of its own, before the text."""
        if "reasoning" not in self.double.has:
            pytest.skip("the vendor tells no reasoning")

        response = self.complete(self.says(Script(reasoning="Let me see.", text="Yes.")))

        assert response.text == "Yes."
        first = response.message.parts[0]
        assert (first.type, first.text) == ("reasoning", "Let me see.")


class VendorAnswers(Play):
    """What the model says comes back from a vendor, with what only vendors have."""

    def test_unknown_fields_are_passed_over(self) -> None:
        """A field that the vendor adds tomorrow breaks nothing today."""
        response = self.complete(self.says(OK, of_tomorrow={"a": [None]}))

        assert response.text == "ok"

    def test_the_raw_answer_is_kept_if_asked(self) -> None:
        """With keep_raw the response has the vendor's answer as it came."""
        response = self.complete(self.says(OK), keep_raw=True)

        assert response.raw == self.double.whole(OK)

    def test_what_the_vendor_needs_back_goes_back(self) -> None:
        """Signatures of an answer go back unchanged, and also after a journal has kept the message."""
        if "opaque" not in self.double.has:
            pytest.skip("the vendor needs nothing back")
        script = Script(reasoning="Let me see.", calls=PARALLEL[:1])
        answer = self.complete(self.says(script), with_tools(HELLO)).message

        request = LlmRequest(
            model="any", messages=(user(PROMPT), _kept(answer), tool_result(answer.tool_calls[0], "in Graz"))
        )
        seen = self.seen(with_tools(request))

        assert any(turn.opaque for turn in seen.turns)

    def test_the_scripted_conversation(self) -> None:
        """A whole conversation, tools and all, is answered to the letter as at any other vendor."""
        first = self.complete(self.says(Script(text="I look.", calls=PARALLEL)), with_tools(HELLO))
        results = [tool_result(made, f"result {n}") for n, made in enumerate(first.tool_calls)]
        second = LlmRequest(model="any", messages=(user(PROMPT), first.message, *results), tools=TOOLS)

        last = self.complete(self.says(Script(text=AWKWARD)), second)
        seen = self.seen(second)

        assert neutral(first) == CONVERSATION[0]
        assert neutral(last) == CONVERSATION[1]
        assert tuple(attrs.evolve(turn, opaque=()) for turn in seen.turns) == CONVERSATION[2]


def _kept(message: LlmMessage) -> LlmMessage:
    from reenact.codec import canonical, decode
    from reenact.llm import message_from

    return message_from(decode(canonical(message.spelled()[1])))


CONVERSATION: tuple[dict[str, Any], dict[str, Any], tuple[Turn, ...]] = (
    {
        "parts": [
            ("text", "I look.", "", None, ""),
            *(("tool_call", "", made.name, made.arguments, "") for made in PARALLEL),
        ],
        "finish": "tool_calls",
        "text": "I look.",
    },
    {"parts": [("text", AWKWARD, "", None, "")], "finish": "stop", "text": AWKWARD},
    (
        Turn(role="user", texts=(PROMPT,)),
        Turn(
            role="assistant",
            texts=("I look.",),
            calls=tuple((n, made.name, made.arguments) for n, made in enumerate(PARALLEL)),
        ),
        Turn(role="user", results=tuple((n, f"result {n}") for n in range(3))),
    ),
)
"""What every vendor's answers come to: two responses, and what the model saw before the second."""
