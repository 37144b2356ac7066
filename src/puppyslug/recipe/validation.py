"""Messages for values that do not suit the fields of a recipe."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from puppyslug.errors import RecipeError, option

_KINDS = {  # what pydantic's types of errors ask for
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "model_type": "a reference to a file, with its name and sha256",
    "model_attributes_type": "a reference to a file, with its name and sha256",
    "dict_type": "a set of fields",
    "string_pattern_mismatch": "text of the form {pattern}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "above {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "below {lt}",
    "too_long": "at most {max_length} of them",
    "too_short": "at least {min_length}",
}


def format_validation_error(error: ValidationError) -> str:
    """Return the first problem of a validation error as one line."""
    problem = error.errors(include_url=False)[0]
    field, *place = [str(part) for part in problem["loc"]] or ["the recipe"]
    names = [part for part in place if part.isdigit() or part.islower()]  # not those of types
    whole = ".".join([field, *names])
    if problem["type"] == "missing":
        return f"the recipe has no {whole}; add it"
    if problem["type"] == "extra_forbidden":
        return f"the recipe has an unknown field {whole}; leave it out"
    value = str(problem["input"])[:60]
    shown = value if value.strip() and value.isprintable() else repr(value)
    return f"{whole} cannot be {shown}: {_describe(problem)}"


def refuse_empty(settings: Mapping[str, Any]) -> None:
    """Check that no setting that the user chose is empty text.

    Raises:
        RecipeError: one is.
    """
    for name, value in settings.items():
        if isinstance(value, str) and not value.strip():
            raise RecipeError(f"{option(name)} is empty; give it a value, or leave it out")


def _describe(problem: ErrorDetails) -> str:
    """Return what a value should be."""
    wanted = _KINDS.get(problem["type"])
    if wanted is not None:
        return f"it should be {wanted.format(**problem.get('ctx', {}))}"
    return problem["msg"].removeprefix("Value error, ").replace("Input should", "it should")
