"""The base of all parts of the scenario language."""

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
