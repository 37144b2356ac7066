"""The base of the models of JSON requests."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class RequestModel(BaseModel):
    """A JSON request, which has no other fields than those of the model."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, fields: Any) -> Any:
        """Refuse the first unknown field: thousands of them would be as many errors to report."""
        if isinstance(fields, dict):
            for name in fields:
                if name not in cls.model_fields:
                    raise ValueError(f"there is no field {str(name)[:80]!r}")
        return fields
