"""The calls that a scripted model got."""

import attrs
from reenact.llm import LlmRequest

from pytest_reenact.scripts import Script


@attrs.frozen(kw_only=True)
class MockCall:
    """A call that the model got.

    Attributes:
        path: The step.
        model: The model as the workflow asked for it.
        target: The model as it was asked, ``provider:model``.
        request: The request, as policies left it.
        attempt: Which try of the step, from 1.
        run_id: The run.
        stream: Whether pieces were wanted.
        script: What answered; None if nothing did.
        key: The idempotency key: the same for all tries of the step.
    """

    path: str
    model: str
    target: str
    request: LlmRequest
    attempt: int
    run_id: str
    stream: bool = False
    script: Script | None = attrs.field(default=None, repr=False)
    key: str = attrs.field(default="", repr=False)

    @property
    def prompt(self) -> str:
        """The last thing the user said."""
        return next((m.text for m in reversed(self.request.messages) if m.role == "user"), "")

    def __str__(self) -> str:
        return f"{self.path} (model {self.model}, attempt {self.attempt}): {self.prompt!r:.120}"


class Calls(tuple[MockCall, ...]):
    """Calls in the order in which they came; equal to their number."""

    __slots__ = ()

    def of(self, path: str) -> "Calls":
        """Return the calls of the steps that *path* means: a name, or a path with ``*`` in it."""
        from pytest_reenact.matching import is_step

        return Calls(call for call in self if is_step(path, call.path))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int):
            return len(self) == other
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # requests hold what cannot be hashed

    def __repr__(self) -> str:
        lines = "".join(f"\n  {call}" for call in self)
        return f"<{len(self)} call{'' if len(self) == 1 else 's'}{lines}>"
