"""Fields that several models share, each written once: type, limits, default and description.

A group's suffix comes in with a request, is stored, and is shown. Its field stands in one
``Described`` model. The request inherits it as it is. What is stored (``Kept``) and what is shown
inherit it without its limits: a limit that is tightened later must not make what was stored before
unreadable.
"""

import inspect
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo


class Described(BaseModel):
    """Fields to inherit. A class of nothing but such fields never gets instances."""

    model_config = ConfigDict(alias_generator=to_camel, defer_build=True)


class Kept(BaseModel):
    """A part of what is stored: immutable, and without the limits of the fields it inherits."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, defer_build=False
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        drop_limits(cls)


def drop_limits(model: type[BaseModel], *, complete: bool = False) -> None:
    """Redeclare the described fields of a model without their limits, before pydantic reads it.

    A field that the model declares itself keeps its type and default, and gets the description
    unless it has one. With ``complete`` the inherited fields have no default: all are always given.
    """
    own = inspect.get_annotations(model)
    for name, field in _described(model).items():
        if name in own:
            given = model.__dict__.get(name, ...)
            if isinstance(given, FieldInfo):
                continue
        else:
            if field.default_factory is not None:
                raise TypeError(f"give the described field {name} a default, not a factory")
            own[name] = _without_limits(field.annotation)
            given = ... if complete or field.is_required() else field.default
        setattr(model, name, Field(given, alias=field.alias, description=field.description))
    model.__annotations__ = own


def _described(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields that a model inherits from ``Described`` classes and from nowhere else."""
    found: dict[str, FieldInfo] = {}
    for base in reversed(model.__mro__[1:]):
        if issubclass(base, BaseModel) and base is not BaseModel:
            if _only_described(base):
                found |= base.model_fields
            else:
                # This base redeclared its fields when it was made.
                found = {
                    name: each for name, each in found.items() if name not in base.model_fields
                }
    return found


def _only_described(base: type) -> bool:
    return base is Described or (
        issubclass(base, Described) and all(_only_described(each) for each in base.__bases__)
    )


def _without_limits(kind: Any) -> Any:
    """Strip the limits from a type: ``tuple[Line, ...]`` becomes ``tuple[str, ...]``."""
    if get_origin(kind) is Annotated:
        return _without_limits(get_args(kind)[0])
    if not get_args(kind):
        return kind
    arguments = tuple(_without_limits(each) for each in get_args(kind))
    if get_origin(kind) in (Union, UnionType):
        return reduce(or_, arguments)
    return get_origin(kind)[arguments]
