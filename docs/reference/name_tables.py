"""What `reenact` exports, as parts of a page.

Signatures are what `inspect` says they are, words what the docstrings say.
"""

import collections.abc
import inspect
import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    ParamSpec,
    ParamSpecArgs,
    ParamSpecKwargs,
    TypeVar,
    Union,
    get_args,
    get_origin,
)
from typing import get_overloads as overloads_of

import attrs
import reenact
from option_tables import markdown, meanings
from reenact.authoring import Step, Tool

LINE_CHARS = 100

OPTIONS: dict[str, type[Any]] = {"step": Step, "tool": Tool}
"""What the further options of a decorator are handed to."""


def function_part(name: str) -> str:
    """Return what a page says of a function: how it is called, what for, its arguments, what it raises."""
    function = getattr(reenact, name)
    said = read_docstring(function)
    lines = [
        "```text",
        *(call for signature in signatures(name) for call in spelled_call(name, signature)),
        "```",
    ]
    lines += ["", said.summary]
    lines += [line for text in said.texts for line in ("", text)]
    if said.arguments:
        defaults = dict(defaults_of(name))
        lines += ["", "| argument | default | meaning |", "|---|---|---|"]
        lines += [
            f"| `{one}` | {_cell(defaults.get(one, ''))} | {_cell(text)} |"
            for one, text in said.arguments.items()
        ]
    if said.raises:
        lines += ["", "| raises | |", "|---|---|"]
        lines += [f"| `{error}` | {_cell(text)} |" for error, text in said.raises.items()]
    return _text(lines)


def methods_part(name: str) -> str:
    """Return what a page says of a class: what it is, what it has, and what it does not inherit."""
    cls = getattr(reenact, name)
    properties = {
        key: read_docstring(one).summary for key, one in vars(cls).items() if isinstance(one, property)
    }
    rows = [read_docstring(cls).summary, "", "| it has | |", "|---|---|"]
    rows += [f"| `{key}` | {_cell(text)} |" for key, text in (meanings(cls) | properties).items()]
    for method, function in own_methods(cls):
        said = read_docstring(function)
        call = f"{method}{bare(inspect.signature(function))}".replace("(self, ", "(").replace("(self)", "()")
        waits = "await " if inspect.iscoroutinefunction(inspect.unwrap(function)) else ""
        raised = f" Raises {', '.join(f'`{error}`' for error in said.raises)}." if said.raises else ""
        rows.append(f"| `{waits}{call.replace('(cls, ', '(')}` | {_cell(said.summary + raised)} |")
    return _text(rows)


def classes_part(names: str) -> str:
    """Return a table of classes: what each is, and what it has."""
    rows = ["| name | what it is | has |", "|---|---|---|"]
    for name in names.split():
        cls = getattr(reenact, name)
        has = ", ".join(f"`{one}`" for one in members(cls))
        rows.append(f"| `{name}` | {_cell(read_docstring(cls).summary)} | {has} |")
    return _text(rows)


# --- signatures -----------------------------------------------------------------------------------


def signatures(name: str) -> list[inspect.Signature]:
    """Return how a function may be called: its overloads, or the one signature it has."""
    function = getattr(reenact, name)
    return [inspect.signature(one) for one in overloads_of(function) or [function]]


def defaults_of(name: str) -> Iterator[tuple[str, str]]:
    """Yield the arguments of a function that have defaults, and those, in Python."""
    parameters = list(inspect.signature(getattr(reenact, name)).parameters.values())
    if name in OPTIONS:
        for cls in reversed(OPTIONS[name].__mro__[:-2]):
            parameters += inspect.signature(cls).parameters.values()
    for parameter in parameters:
        if parameter.default is not parameter.empty:
            yield parameter.name, f"`{spelled_default(parameter.default)}`"


def spelled_call(name: str, signature: inspect.Signature) -> list[str]:
    """Return a signature in Python, in one line if it fits."""
    parameters = list(parameters_of(signature, types=True))
    result = spelled_type(signature.return_annotation)
    arrow = f" -> {result}" if result else ""
    one_line = f"{name}({', '.join(parameters)}){arrow}"
    if len(one_line) <= LINE_CHARS:
        return [one_line]
    return [f"{name}(", *(f"    {one}," for one in parameters), f"){arrow}"]


def bare(signature: inspect.Signature) -> str:
    """Return a signature without types."""
    return f"({', '.join(parameters_of(signature, types=False))})"


def parameters_of(signature: inspect.Signature, *, types: bool) -> Iterator[str]:
    """Yield the parameters of a signature, with the marks between their kinds."""
    last = None
    starred = False
    for parameter in signature.parameters.values():
        kind = parameter.kind
        if last is parameter.POSITIONAL_ONLY and kind is not last:
            yield "/"
        if kind is parameter.KEYWORD_ONLY and not starred:
            yield "*"
            starred = True
        starred |= kind is parameter.VAR_POSITIONAL
        yield _parameter(parameter, types=types)
        last = kind
    if last is inspect.Parameter.POSITIONAL_ONLY:
        yield "/"


def _parameter(parameter: inspect.Parameter, *, types: bool) -> str:
    stars = "*" * (parameter.kind is parameter.VAR_POSITIONAL) + "**" * (
        parameter.kind is parameter.VAR_KEYWORD
    )
    kind = spelled_type(parameter.annotation) if types else ""
    text = f"{stars}{parameter.name}{f': {kind}' if kind else ''}"
    if parameter.default is parameter.empty:
        return text
    equals = " = " if kind else "="
    return f"{text}{equals}{spelled_default(parameter.default)}"


def spelled_default(value: object) -> str:
    """Return a default in Python."""
    if value is ...:
        return "..."
    if isinstance(value, type) or inspect.isroutine(value):
        return value.__name__
    return repr(value).replace("'", '"')


def spelled_type(wanted: Any) -> str:
    """Return an annotation in Python, the same on every version of it; empty if there is none."""
    if wanted is inspect.Parameter.empty:
        return ""
    if isinstance(wanted, str):
        return wanted
    if wanted in (None, NoneType):
        return "None"
    if wanted is ...:
        return "..."
    if isinstance(wanted, (TypeVar, ParamSpec)):
        return wanted.__name__
    if isinstance(wanted, (ParamSpecArgs, ParamSpecKwargs)):
        return f"{wanted.__origin__.__name__}.{'args' if isinstance(wanted, ParamSpecArgs) else 'kwargs'}"
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is None:
        return str(getattr(wanted, "__name__", wanted))
    if origin in (Union, UnionType):
        return " | ".join(map(spelled_type, inner))
    if origin is Literal:
        return f"Literal[{', '.join(map(spelled_default, inner))}]"
    if origin is collections.abc.Callable:
        taken = (
            f"[{', '.join(map(spelled_type, inner[0]))}]"
            if isinstance(inner[0], list)
            else spelled_type(inner[0])
        )
        return f"Callable[{taken}, {spelled_type(inner[1])}]"
    return f"{origin.__name__}[{', '.join(map(spelled_type, inner))}]"


# --- what classes have ----------------------------------------------------------------------------


def own_methods(cls: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the public methods that a class does not inherit, in the order in which they stand in it."""
    for name, value in vars(cls).items():
        if not name.startswith("_") and (inspect.isroutine(value) or isinstance(value, classmethod)):
            function: Any = getattr(value, "__func__", value)
            yield name, inspect.unwrap(function)


def members(cls: type[Any]) -> list[str]:
    """Return the public fields, properties and methods of a class, or the members of an enumeration."""
    if issubclass(cls, reenact.Status):
        return [member.value for member in reenact.Status]
    fields = [field.name for field in attrs.fields(cls)] if attrs.has(cls) else []
    if not fields and hasattr(cls, "__struct_fields__"):
        fields = list(cls.__struct_fields__)
    fields = fields or list(meanings(cls))
    own = [
        f"{name}()" if inspect.isroutine(value) or isinstance(value, classmethod) else name
        for one in reversed(cls.__mro__)
        if one.__module__.startswith("reenact")
        for name, value in vars(one).items()
        if name not in fields and (inspect.isroutine(value) or isinstance(value, (property, classmethod)))
    ]
    return [name for name in dict.fromkeys([*fields, *own]) if not name.startswith("_")]


# --- docstrings -----------------------------------------------------------------------------------


@attrs.frozen
class Said:
    """What a docstring says.

    Attributes:
        summary: Its first paragraph.
        texts: Its further paragraphs.
        arguments: What it says of each argument.
        raises: What it says of each exception.
    """

    summary: str
    texts: list[str]
    arguments: dict[str, str]
    raises: dict[str, str]


def read_docstring(thing: object) -> Said:
    """Return what the docstring of a function or a class says, in Markdown; code in it is left out."""
    text = re.sub(r"\.\. code-block::.*?(?=\n\S)", "", inspect.getdoc(thing) or "", flags=re.DOTALL)
    sections: dict[str, dict[str, str]] = {"Args": {}, "Raises": {}}
    texts = []
    for paragraph in (one for one in re.split(r"\n\n+", text) if one.strip()):
        title, _, body = paragraph.partition(":\n")
        if re.fullmatch(r"[A-Z][a-z]+", title) and body.startswith("    "):
            sections[title] = _entries(body)
        else:
            texts.append(markdown(" ".join(paragraph.split())))
    return Said(texts[0] if texts else "", texts[1:], sections["Args"], sections["Raises"])


def _entries(body: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \S)", body):
        name, _, text = entry.strip().partition(": ")
        found[name] = markdown(" ".join(text.split()))
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n".replace("|  |", "| |") for line in lines)
