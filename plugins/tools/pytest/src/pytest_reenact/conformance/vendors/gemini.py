"""Gemini, as far as the suite needs it."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from reenact.errors import OverloadedError, ProviderError
from reenact.seams import Offer, Provider

from pytest_reenact.conformance.chat import failed, halves, only
from pytest_reenact.conformance.script import (
    KEY,
    KEY_ENV,
    MODEL,
    USAGE,
    CallNumbers,
    Kind,
    Script,
    Seen,
    Turn,
    refuse_unless,
)
from pytest_reenact.conformance.server import Received, Reply

SIGNATURE = "c2lnbmF0dXJl"
SAMPLING = {
    "maxOutputTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop",
    "seed": "seed",
}


class GeminiDouble:
    """Refuses what Google's document does not have."""

    framing: Literal["sse"] = "sse"
    has = frozenset(
        {
            "counts",
            "seed",
            "choice",
            "required",
            "none",
            "schema",
            "images",
            "image_url",
            "documents",
            "filter",
            "reasoning",
        }
        | {"opaque", "cached", "reasoning_tokens", "model"}
    )

    def __init__(self, offer: Offer[Provider]) -> None:
        self.offer = offer

    def table(self, url: str) -> dict[str, Any]:
        """Return the TOML table."""
        return {"base_url": url + "/v1beta", "key": {"env": KEY_ENV}}

    # --- what comes ----------------------------------------------------------------------------

    def see(self, received: Received) -> Seen:
        """Return what the model sees of a request."""
        model, _, method = received.target.removeprefix("/v1beta/models/").partition(":")
        refuse_unless(method in {"generateContent", "streamGenerateContent?alt=sse"}, f"no method {method!r}")
        refuse_unless(received.headers.get("x-goog-api-key") == KEY, "not the key")
        body = received.json
        only(
            body, "contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "of_the_vendor"
        )
        config = body.get("generationConfig", {})
        only(config, *SAMPLING, "responseMimeType", "responseJsonSchema")
        refuse_unless(("responseMimeType" in config) == ("responseJsonSchema" in config), "half a schema")
        refuse_unless("tools" not in body or "responseMimeType" not in config, "a schema beside tools")
        sampling = {neutral: config[name] for name, neutral in SAMPLING.items() if name in config}
        if "stop" in sampling:
            sampling["stop"] = tuple(sampling["stop"])
        return Seen(
            model=model,
            system="".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", ())),
            turns=self.turns(body["contents"]),
            tools=self.tools(body),
            choice=self.choice(body),
            schema=config.get("responseJsonSchema"),
            sampling=sampling,
            stream=method.startswith("stream"),
        )

    def see_count(self, received: Received) -> Seen:
        """Return what the model would see of what is to be counted."""
        refuse_unless(received.target == "/v1beta/models/m:countTokens", f"no endpoint {received.target}")
        refuse_unless(received.headers.get("x-goog-api-key") == KEY, "not the key")
        only(received.json, "generateContentRequest")
        asked = received.json["generateContentRequest"]
        refuse_unless(asked.pop("model") == "models/m", "another model than the address names")
        only(asked, "contents", "systemInstruction", "tools", "toolConfig", "generationConfig")
        return Seen(model="m", turns=self.turns(asked["contents"]), tools=self.tools(asked))

    def count(self, tokens: int) -> Reply:
        """Return how Google says a number of tokens."""
        return failed(200, {"totalTokens": tokens})

    def tools(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the tools on offer."""
        declared = [one for tool in body.get("tools", ()) for one in tool["functionDeclarations"]]
        for one in declared:
            only(one, "name", "description", "parametersJsonSchema")
        return {one["name"]: one["parametersJsonSchema"] for one in declared}

    def choice(self, body: Mapping[str, Any]) -> str:
        """Return what must be called."""
        config = body.get("toolConfig", {}).get("functionCallingConfig", {"mode": "AUTO"})
        only(config, "mode", "allowedFunctionNames")
        names = config.get("allowedFunctionNames")
        return str(names[0]) if names else {"AUTO": "auto", "ANY": "required", "NONE": "none"}[config["mode"]]

    def turns(self, contents: list[dict[str, Any]]) -> tuple[Turn, ...]:
        """Return the conversation."""
        numbers = CallNumbers()
        turns: list[Turn] = []
        for content in contents:
            only(content, "role", "parts")
            refuse_unless(content["role"] in {"user", "model"}, "no such role")
            turns.append(self.turn(content["role"], content["parts"], numbers))
        return tuple(turns)

    def turn(self, role: str, parts: list[dict[str, Any]], numbers: CallNumbers) -> Turn:
        """Return one turn."""
        for part in parts:
            only(
                part,
                "text",
                "thought",
                "thoughtSignature",
                "inlineData",
                "fileData",
                "functionCall",
                "functionResponse",
            )
        results = [
            self.result(part["functionResponse"], numbers) for part in parts if "functionResponse" in part
        ]
        numbers.all_answered()
        media = [part.get("inlineData", part.get("fileData", {})) for part in parts]
        return Turn(
            role="assistant" if role == "model" else "user",
            texts=tuple(part["text"] for part in parts if "text" in part and not part.get("thought")),
            media=tuple(one.get("data") or one["fileUri"] for one in media if one),
            calls=tuple(self.call(part["functionCall"], numbers) for part in parts if "functionCall" in part),
            results=tuple(results),
            opaque=tuple(
                part["thoughtSignature"]
                for part in parts
                if "functionCall" in part and "thoughtSignature" in part
            ),
        )

    def call(self, call: Mapping[str, Any], numbers: CallNumbers) -> tuple[int, str, Any]:
        """Return a call."""
        only(call, "id", "name", "args")
        return numbers.called(call["id"]), call["name"], call["args"]

    def result(self, result: Mapping[str, Any], numbers: CallNumbers) -> tuple[int, str]:
        """Return what a tool said."""
        only(result, "id", "name", "response")
        refuse_unless(result["name"], "a result without the tool's name")
        (text,) = result["response"].values()
        return numbers.answered(result["id"]), text

    # --- what goes -----------------------------------------------------------------------------

    def parts(self, script: Script) -> list[dict[str, Any]]:
        """Return the parts of an answer; the first call has the signature, and none has an id."""
        parts: list[dict[str, Any]] = (
            [{"text": script.reasoning, "thought": True}] if script.reasoning else []
        )
        parts += [{"text": script.text}] if script.text else []
        for index, call in enumerate(script.calls):
            arguments = {"args": call.arguments} if call.arguments else {}
            signed = {"thoughtSignature": SIGNATURE} if index == 0 else {}
            parts.append({"functionCall": {"name": call.name, **arguments}, **signed})
        return parts

    def answer(self, parts: list[dict[str, Any]], **candidate: Any) -> dict[str, Any]:
        """Return an answer, or one message of a stream."""
        content = {"content": {"role": "model", "parts": parts}} if parts else {}
        return {
            "candidates": [{**content, "index": 0, **candidate}],
            "modelVersion": MODEL,
            "responseId": "r-1",
        }

    def last(self, script: Script) -> dict[str, Any]:
        """Return why an answer ended."""
        reason = {"length": "MAX_TOKENS", "content_filter": "SAFETY"}.get(script.finish, "STOP")
        return {"finishReason": reason}

    def usage(self) -> dict[str, Any]:
        """Return what every answer uses; what was thought stands beside what was said."""
        return {
            "promptTokenCount": USAGE.input_tokens,
            "candidatesTokenCount": (USAGE.output_tokens or 0) - USAGE.reasoning_tokens,
            "thoughtsTokenCount": USAGE.reasoning_tokens,
            "cachedContentTokenCount": USAGE.cached_tokens,
            "totalTokenCount": 34,
        }

    def whole(self, script: Script) -> dict[str, Any]:
        """Return an answer in one piece."""
        return {**self.answer(self.parts(script), **self.last(script)), "usageMetadata": self.usage()}

    def stream(self, script: Script) -> list[bytes]:
        """Return an answer as a stream, with CRLF."""
        pieces: list[dict[str, Any]] = []
        for part in self.parts(script):
            pieces += [{**part, "text": half} for half in halves(part["text"])] if "text" in part else [part]
        answers = [{**self.answer([piece]), "usageMetadata": {"promptTokenCount": 21}} for piece in pieces]
        last = {**self.answer([{"text": ""}], **self.last(script)), "usageMetadata": self.usage()}
        return [f"data: {json.dumps(one, ensure_ascii=False)}\r\n\r\n".encode() for one in [*answers, last]]

    def failure(self, kind: Kind, message: str) -> Reply:
        """Return how Google says that something is wrong."""
        if kind == "filter":
            return Reply(status=0)
        status, word = FAILURES[kind]
        told = f"The input token count exceeds the maximum: {message}" if kind == "context" else message
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
        }
        details = [info] if kind == "authentication" else []
        return failed(
            status, {"error": {"code": status, "message": told, "status": word, "details": details}}
        )

    def stream_failure(self) -> tuple[list[bytes], type[ProviderError]]:
        """Return a stream that ends in an error."""
        good = self.stream(Script(text="Once upon a time"))[:1]
        error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
        return [*good, f"data: {json.dumps(error)}\r\n\r\n".encode()], OverloadedError


FAILURES: Mapping[str, tuple[int, str]] = {
    "authentication": (400, "INVALID_ARGUMENT"),
    "forbidden": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "bad_request": (400, "INVALID_ARGUMENT"),
    "context": (400, "INVALID_ARGUMENT"),
    "rate": (429, "RESOURCE_EXHAUSTED"),
    "quota": (402, "RESOURCE_EXHAUSTED"),
    "overloaded": (503, "UNAVAILABLE"),
    "server": (500, "INTERNAL"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
}
