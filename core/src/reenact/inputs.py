"""A workflow's arguments: checked, spelled, and read back as a resumed run will read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from reenact.asking import hash_input
from reenact.codec import Json, canonical, decode, faithful, plain, type_name
from reenact.errors import InputError, NotStorableError, UsageError, did_you_mean
from reenact.steps import WorkflowSpec

_AS_THEY_ARE = (bool, int)


def spell_input(
    spec: WorkflowSpec, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[bytes, bytes, tuple[list[Any], dict[str, Any]]]:
    """Return the input as it is stored, as it is hashed, and as a resumed run will be given it."""
    arguments = spec.arguments
    try:
        bound = arguments.bind_all(tuple(args), dict(kwargs))
    except TypeError as error:
        raise InputError(f"{spec.name}{arguments.signature}: {error}") from error
    spelled = {name: _spell_argument(spec, name, value) for name, value in bound.items()}
    hashed = canonical(plain(arguments.bind(tuple(args), dict(kwargs)), omit_defaults=True))
    return canonical(spelled), hashed, arguments.restore(spelled)


def _spell_argument(spec: WorkflowSpec, name: str, value: Any) -> Json:
    wanted = spec.arguments.hints.get(name, Any)
    if type(value) is wanted and wanted in _AS_THEY_ARE:
        return plain(value)
    kind = spec.arguments.signature.parameters[name].kind
    try:
        if kind in (kind.VAR_POSITIONAL, kind.VAR_KEYWORD):
            return plain(value)
        return decode(faithful(value, wanted)[0])  # type: ignore[no-any-return]  # plain by construction
    except NotStorableError as error:
        at = error.at.replace("$", name, 1)
        raise InputError(
            f"{spec.name}: argument {at} is not a {type_name(wanted)}: {error.problem}"
            if wanted is not Any
            else f"{spec.name}: argument {at}: {error.problem}"
        ) from error


def restore_input(
    spec: WorkflowSpec, spelled: Mapping[str, Json], input_hash: str
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a run on record, as the workflow takes them now.

    An argument that it takes no more may be dropped if it was at its default, which the hash
    of the input leaves out.

    Args:
        spec: The workflow.
        spelled: The arguments on record.
        input_hash: Their hash; empty if some were set since, so that it is not theirs.

    Raises:
        InputError: If they do not fit any more.
    """
    unfit = f"the input on record does not fit workflow {spec.name!r} any more"
    try:
        args, kwargs = spec.arguments.restore(spelled)
        bound = spec.arguments.bind(tuple(args), dict(kwargs))
    except NotStorableError as error:
        raise InputError(f"{unfit}: {error.at} is {error.problem}") from error
    except TypeError as error:
        raise InputError(f"{unfit}: {error}") from error
    dropped = [name for name in spelled if name not in spec.arguments.signature.parameters]
    hashed = canonical(plain(bound, omit_defaults=True))
    if dropped and input_hash and hash_input("workflow", spec.name, hashed) != input_hash:
        listed = ", ".join(repr(name) for name in dropped)
        raise InputError(f"{unfit}: it has {listed}, which the workflow does not take")
    return args, kwargs


def check_arguments(spec: WorkflowSpec, named: Mapping[str, Any]) -> None:
    """Refuse names that no argument of a workflow has.

    Raises:
        UsageError: Names the first of them.
    """
    known = spec.arguments.signature.parameters
    for name in named:
        if name not in known:
            hint = did_you_mean(name, list(known))
            raise UsageError(f"input.{name}: workflow {spec.name!r} has no argument {name!r}{hint}")


def by_name(spec: WorkflowSpec, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Split bound arguments into positional and named ones."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name, parameter in spec.arguments.signature.parameters.items():
        if name not in arguments:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            args.extend(arguments[name])
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs.update(arguments[name])
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            args.append(arguments[name])
        else:
            kwargs[name] = arguments[name]
    return args, kwargs
