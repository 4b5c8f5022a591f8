"""The base of all parts of the scenario language, and what their annotations say."""

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Strict, frozen, and refusing keys it does not know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def kinds_of(annotation: Any) -> list[type]:
    """Classes of an annotation: itself, or the members of a union."""
    if get_origin(annotation) is Annotated:
        return kinds_of(get_args(annotation)[0])
    if get_origin(annotation) in (types.UnionType, Union):
        return [kind for part in get_args(annotation) for kind in kinds_of(part)]
    return [annotation] if isinstance(annotation, type) else []
