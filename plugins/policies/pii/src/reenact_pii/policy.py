"""The policy: requests are scrubbed, answers restored."""

import secrets
from collections import Counter
from typing import Any

import attrs
from reenact.llm import LlmMessage, LlmRequest, LlmResponse, Part
from reenact.seams import Allow, Decision, Deny, Modify, PolicyContext, Stage, ToolRequest

from reenact_pii import PiiOptions
from reenact_pii.findings import Kind
from reenact_pii.vault import Replacement, Vault, run_key

_VAULT = "pii"
"""Where the vault of a call is kept between its stages."""


class PiiPolicy:
    """Scrubs requests, restores answers; keeps nothing between calls."""

    def __init__(self, options: PiiOptions, secret: bytes = b"") -> None:
        """Make the policy.

        Args:
            options: What becomes of which values.
            secret: Keys placeholders and hashes besides the key of the run.
        """
        self._options = options
        self._secret = secret
        self._process_key = secrets.token_hex(16)  # for runs that have no key of their own
        self._actions = {Kind(name): action for name, action in options.actions.items()}
        wanted: set[Stage] = {"request"}
        if options.restore:
            wanted.add("response")
        if options.tools or "deny" in {options.action, *options.actions.values()}:
            wanted.add("tool")
        self.stages: frozenset[Stage] = frozenset(wanted)

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        """Return what becomes of a request, a response or the arguments of a tool."""
        if isinstance(value, LlmRequest):
            vault = context.secrets[_VAULT] = self._vault(context)
            return _decision(*_scrub_request(value, vault))
        if isinstance(value, LlmResponse):
            known = context.secrets.get(_VAULT)
            return _restored(value, known) if isinstance(known, Vault) else Allow()
        if isinstance(value, ToolRequest):
            return self._judge_tool(value, context)
        return Allow()

    def _vault(self, context: PolicyContext) -> Vault:
        seed = context.run.key or f"{context.run.id} {self._process_key}"
        return Vault(
            run_key(self._secret, seed),
            actions=self._actions,
            otherwise=self._options.action,
            hash_key=self._secret or None,
            min_score=self._options.min_score,
            keep_own=not self._options.restore,
        )

    def _judge_tool(self, value: ToolRequest, context: PolicyContext) -> Decision:
        arguments, made = self._vault(context).scrub_value(value.arguments)
        decision = _decision(attrs.evolve(value, arguments=arguments), made)
        return decision if self._options.tools or isinstance(decision, Deny) else Allow()


def _decision(value: Any, made: list[Replacement]) -> Decision:
    """Return the decision for a *value* in which these replacements were *made*."""
    denied = sorted({item.kind for item in made if item.action == "deny" and item.kind is not None})
    if denied:
        return Deny(f"holds {', '.join(denied)}, which may not be sent")
    if not made:
        return Allow()
    counts = Counter(item.kind or "placeholder" for item in made)
    spelled = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    rules = sorted({item.why for item in made})
    return Modify(value, f"replaced {spelled}", {"replaced": dict(sorted(counts.items())), "rules": rules})


# --- requests and responses -----------------------------------------------------------------------


def _scrub_request(request: LlmRequest, vault: Vault) -> tuple[LlmRequest, list[Replacement]]:
    made: list[Replacement] = []
    # Any, because mypy does not see through the converters of messages, tools and parts.
    messages: Any = [_scrub_message(message, vault, made) for message in request.messages]
    tools: Any = [
        attrs.evolve(tool, description=_scrub(tool.description, vault, made)) if tool.description else tool
        for tool in request.tools
    ]
    options = request.options
    if options:
        options, in_options = vault.scrub_value(options)
        made += in_options
    if not made:
        return request, made
    return attrs.evolve(request, messages=messages, tools=tools, options=options), made


def _scrub_message(message: LlmMessage, vault: Vault, made: list[Replacement]) -> LlmMessage:
    before = len(made)
    parts: Any = [_scrub_part(part, vault, made) for part in message.parts]
    return message if len(made) == before else LlmMessage(role=message.role, parts=parts)


def _scrub_part(part: Part, vault: Vault, made: list[Replacement]) -> Part:
    before = len(made)
    text, title = _scrub(part.text, vault, made), _scrub(part.title, vault, made)
    url, raw = _scrub(part.url, vault, made), _scrub(part.raw_arguments, vault, made)
    arguments = part.arguments
    if arguments:
        arguments, in_arguments = vault.scrub_value(arguments)
        made += in_arguments
    if len(made) == before:
        return part
    return attrs.evolve(part, text=text, title=title, url=url, raw_arguments=raw, arguments=arguments)


def _scrub(text: str, vault: Vault, made: list[Replacement]) -> str:
    if not text:
        return text
    scrubbed = vault.scrub(text)
    made += scrubbed.replacements
    return scrubbed.text


def _restored(response: LlmResponse, vault: Vault) -> Decision:
    parts: Any = tuple(_restore_part(part, vault) for part in response.message.parts)
    refusal = vault.restore(response.refusal)
    if parts == response.message.parts and refusal == response.refusal:
        return Allow()
    message = LlmMessage(role=response.message.role, parts=parts)
    return Modify(attrs.evolve(response, message=message, refusal=refusal), "restored placeholders")


def _restore_part(part: Part, vault: Vault) -> Part:
    arguments = part.arguments and vault.restore_value(part.arguments)
    raw = vault.restore(part.raw_arguments)
    return attrs.evolve(part, text=vault.restore(part.text), arguments=arguments, raw_arguments=raw)
