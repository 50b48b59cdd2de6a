"""How many tokens a request can have at most, without asking anyone.

For admission: a budget holds this much before a call and settles for what was used. No
tokenizer is needed. Byte-level tokenizers never make more tokens than bytes; letters and
spaces of ASCII, which they join, count half. So prose and code come out near twice their
real number, other scripts near three times. Only long runs of random letters may come out
a little low. Images and documents count by a flat rate, for their tokens are the vendor's affair.
"""

import re

from reenact.codec import canonical, plain
from reenact.llm import LlmRequest, Part

MESSAGE_TOKENS = 16
TOOLS_TOKENS = 600
TOOL_TOKENS = 32
IMAGE_TOKENS = 5_000
BYTES_A_TOKEN_OF_A_DOCUMENT = 4

_JOINED = re.compile(r"[A-Za-z ]")


def estimate_tokens(request: LlmRequest) -> int:
    """Return an upper estimate of the tokens that a model reads for *request*."""
    total = sum(
        MESSAGE_TOKENS + sum(_part_tokens(part) for part in message.parts) for message in request.messages
    )
    if request.tools:
        total += TOOLS_TOKENS
    for tool in request.tools:
        total += TOOL_TOKENS + text_tokens(tool.name + tool.description + _json(tool.parameters))
    if request.output_schema is not None:
        total += TOOL_TOKENS + text_tokens(_json(request.output_schema))
    return total


def text_tokens(text: str) -> int:
    """Return an upper estimate of the tokens of *text*."""
    joined = len(_JOINED.findall(text))
    return len(text.encode("utf-8", "surrogatepass")) - joined + (joined + 1) // 2


def _part_tokens(part: Part) -> int:
    texts = part.text + part.title + part.name + part.raw_arguments
    total = text_tokens(texts)
    if part.arguments:
        total += text_tokens(_json(part.arguments))
    if part.type == "image":
        total += IMAGE_TOKENS
    elif part.type == "document" and (part.data or part.url):
        total += max(IMAGE_TOKENS, len(part.data) // BYTES_A_TOKEN_OF_A_DOCUMENT)
    return total


def _json(value: object) -> str:
    return canonical(plain(value)).decode()
