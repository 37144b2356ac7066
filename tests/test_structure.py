"""The source keeps the limits that CONTRIBUTING states: lengths, numbers of parameters."""

import ast
from pathlib import Path

import puppyslug

SOURCE = Path(puppyslug.__file__).parent
MODULE_LINES, FUNCTION_LINES, PARAMETERS = 350, 60, 8


def problems() -> list[str]:
    """One line for every module or function beyond a limit."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(SOURCE)
        if (lines := len(text.splitlines())) > MODULE_LINES:
            found.append(f"{name}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append(f"{name}:{node.lineno} {node.name}: {length} lines")
            arguments = node.args
            names = [a.arg for a in arguments.posonlyargs + arguments.args + arguments.kwonlyargs]
            count = len([a for a in names if a not in ("self", "cls")])
            if count > PARAMETERS and name.parts[0] != "cli":
                found.append(f"{name}:{node.lineno} {node.name}: {count} parameters")
    return found


def test_modules_and_functions_keep_to_the_limits():
    assert not problems()
