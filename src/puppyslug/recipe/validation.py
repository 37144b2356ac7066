"""Messages for values that do not suit the fields of a recipe."""

from pydantic import ValidationError


def format_validation_error(error: ValidationError) -> str:
    """Return the first problem of a validation error as one line."""
    problem = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in problem["loc"][:1]) or "the recipe"
    if problem["type"] == "missing":
        return f"the recipe has no {field}; add it"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    message = message.split(", unable to parse")[0]
    return f"{field} cannot be {str(problem['input'])[:60]!s}: {message}"
