"""The keys of a profile as a list: for suggestions, explanations and the documentation."""

from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gpt_trader.config.text import Path
from gpt_trader.config.venues import ProfileKeys


class Key(NamedTuple):
    """One key: dotted name ([] for a list's items), allowed values, default, meaning."""

    name: str
    allowed: str
    default: str
    meaning: str


def all_keys() -> list[Key]:
    """List every key of a profile in the order of the schema."""
    return _keys_of(ProfileKeys, "")


def names_at(path: Path) -> list[str]:
    """Return the names that are known beside the last part of a path."""
    model: type[BaseModel] = ProfileKeys
    for part in path[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _section(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def format_value(value: object) -> str:
    """Return a value as one would write it in a profile."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return f"[{', '.join(str(item) for item in value)}]"
    return str(value) if value != "" else '""'


def _keys_of(model: type[BaseModel], prefix: str) -> list[Key]:
    keys: list[Key] = []
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        listed = get_origin(field.annotation) is tuple
        if section is None:
            default = "required" if field.is_required() else format_value(field.default)
            meaning = field.description or ""
            keys.append(Key(f"{prefix}{name}", _allow(field), default, meaning))
        elif section.__name__ == "LegKeys" and prefix.startswith("routes"):
            fields = f"as order_style.{name}"
            keys.append(Key(f"{prefix}{name}", fields, "none", field.description or ""))
        else:
            keys += _keys_of(section, f"{prefix}{name}{'[]' if listed else ''}.")
    return keys


def _section(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401
    """Return the model that an annotation holds: itself, optional, or in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section(argument) for argument in get_args(annotation))
    return next((section for section in inner if section is not None), None)


def _allow(field: FieldInfo) -> str:
    bounds = _bounds(field.metadata) or _bounds(_metadata(field.annotation))
    words = f"{_type_words(field.annotation)} {bounds}".strip()
    return f"{words} or none" if type(None) in get_args(field.annotation) else words


def _type_words(annotation: Any) -> str:  # noqa: ANN401
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(arguments)
    if origin in (UnionType, Union, Annotated):
        return _type_words(arguments[0])
    names = {bool: "true or false", int: "whole number", float: "number", Decimal: "amount"}
    names |= {tuple: "list", dict: "keys of the strategy"}
    return names.get(origin or annotation, "text")


def _metadata(annotation: Any) -> list[Any]:  # noqa: ANN401
    """Return the constraints within an optional annotation."""
    if get_origin(annotation) is Annotated:
        inner, *own = get_args(annotation)
        nested = [item for m in own if isinstance(m, FieldInfo) for item in m.metadata]
        return [*own, *nested, *_metadata(inner)]
    return [item for part in get_args(annotation) for item in _metadata(part)]


def _bounds(metadata: list[Any]) -> str:
    words = []
    for kind, name, sign in ((Gt, "gt", ">"), (Ge, "ge", ">="), (Lt, "lt", "<"), (Le, "le", "<=")):
        words += [f"{sign} {getattr(m, name):,}" for m in metadata if isinstance(m, kind)]
    return ", ".join(words)
