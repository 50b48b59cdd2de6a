"""The policy: what leaves the process, and what is stored, holds no value.

Values that may come back are handed to the kernel beside the scrubbed request
(`Modify.restore`): it notes where they stand in what the code asked, puts them into what
the workflow gets, and stores none of them.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import attrs
from reenact.judging import Allow, Decision, Deny, Modify, PolicyContext, Stage, ToolRequest
from reenact.llm import LlmRequest

from reenact_pii import PiiOptions
from reenact_pii.clean import Clean
from reenact_pii.findings import Kind
from reenact_pii.requests import rewritten
from reenact_pii.vault import Finder, Replacement, Vault, run_key

_LONG_CHARS = 32_768


class PiiPolicy:
    """Scrubs requests and the arguments of tools; between calls it knows by their hash texts without values.

    Args:
        options: What becomes of which values.
        secret: Keys placeholders and hashes besides the key of the run.
        finder: Finds the values; the package's own detector if None.
    """

    def __init__(self, options: PiiOptions, secret: bytes = b"", finder: Finder | None = None) -> None:
        self._options = options
        self._secret = secret
        self._finder = finder
        self._clean = Clean(finder)
        self._process_key = secrets.token_hex(16)  # for runs that have no key of their own
        self._actions = {Kind(name): action for name, action in options.actions.items()}
        wanted: set[Stage] = {"request"}
        if options.tools or options.restore or "deny" in {options.action, *options.actions.values()}:
            wanted.add("tool")
        self.stages: frozenset[Stage] = frozenset(wanted)

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        """Return what becomes of a request or the arguments of a tool."""
        if not isinstance(value, (LlmRequest, ToolRequest)):
            return Allow()
        if self._finder is None and _is_short(value):
            return self._judge(value, context)
        return await asyncio.to_thread(self._judge, value, context)  # so that other runs go on

    def _judge(self, value: LlmRequest | ToolRequest, context: PolicyContext) -> Decision:
        scrubbing = _Scrubbing(self._vault(context))
        if isinstance(value, LlmRequest):
            return self._decision(scrubbing.request(value), scrubbing, restore=self._options.restore)
        decision = self._decision(
            attrs.evolve(value, arguments=scrubbing.value(value.arguments)),
            scrubbing,
            restore=not self._options.tools,
        )
        wanted = self._options.tools or self._options.restore
        return decision if wanted or isinstance(decision, Deny) else Allow()

    def _vault(self, context: PolicyContext) -> Vault:
        seed = context.run.key or f"{context.run.id} {self._process_key}"
        vault = Vault(
            run_key(self._secret, seed),
            actions=self._actions,
            otherwise=self._options.action,
            hash_key=self._secret or None,
            min_score=self._options.min_score,
            keep_own=not self._options.restore,
            finder=self._clean,
        )
        vault.know(context.known)
        return vault

    def _decision(self, value: Any, scrubbing: "_Scrubbing", *, restore: bool) -> Decision:
        """Return the decision for a *value* in which replacements were made."""
        made = scrubbing.made
        denied = sorted({item.kind for item in made if item.action == "deny" and item.kind is not None})
        if denied:
            return Deny(f"holds {', '.join(denied)}, which may not be sent", keep=value)
        counts = Counter(item.kind or "placeholder" for item in made)
        counts.update({"known value": scrubbing.known} if scrubbing.known else {})
        if not counts:
            return Allow()
        spelled = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        detail = {"replaced": dict(sorted(counts.items())), "rules": sorted({item.why for item in made})}
        values = scrubbing.vault.values if restore else {}
        return Modify(value, f"replaced {spelled}", detail, restore=values)


class _Scrubbing:
    """One request or tool call being scrubbed: first what is found, then what is known by then.

    Attributes:
        vault: Where the values go.
        made: What was replaced because it was found.
        known: How many more were replaced because they were known.
    """

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.made: list[Replacement] = []
        self.known = 0

    def request(self, request: LlmRequest) -> LlmRequest:
        return rewritten(rewritten(request, self._find, self._find_in), self._forget, self._forget_in)

    def value(self, value: Any) -> Any:
        return self._forget_in(self._find_in(value))

    def _find(self, text: str, signed: bool = False) -> str:
        scrubbed = self.vault.scrub(text, keep_own=signed)
        self.made += scrubbed.replacements
        return scrubbed.text

    def _find_in(self, value: Any) -> Any:
        scrubbed, made = self.vault.scrub_value(value)
        self.made += made
        return scrubbed

    def _forget(self, text: str, _: bool = False) -> str:
        scrubbed, count = self.vault.scrub_known(text)
        self.known += count
        return scrubbed

    def _forget_in(self, value: Any) -> Any:
        return mapped(value, self._forget)


def _is_short(value: LlmRequest | ToolRequest) -> bool:
    if isinstance(value, ToolRequest):
        return len(str(value.arguments)) < _LONG_CHARS
    return (
        sum(len(part.text) + len(part.data) for message in value.messages for part in message.parts)
        < _LONG_CHARS
    )


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a plain value with its texts and keys changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {
            change(key) if isinstance(key, str) else key: mapped(item, change) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [mapped(item, change) for item in value]
    return value
