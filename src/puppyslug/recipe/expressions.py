"""Expressions of schedules, such as ``1.01 + 0.04*bass``: what they may contain.

An expression is parsed by Python's own parser, and refused unless everything in it is listed here.
It is never compiled or executed: ``expression_values`` computes it. Nothing here imports torch or
NumPy.
"""

import ast
import functools
import re
import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from puppyslug.errors import RecipeError, suggest

SIGNALS = (
    "loudness", "bass", "mid", "treble", "onset", "beat", "beat_number", "bar_phase"
)  # fmt: skip
"""The signals of a sound track, one number for each frame."""

MUSIC_NAMES = frozenset((*SIGNALS, "b", "tempo", "frames_per_beat"))
"""The variables that need a sound track."""

FRAME_NAMES = ("t", "f", "seconds")  # change from frame to frame without a sound track
CONSTANT_NAMES = ("max_f", "fps", "s", "pi")
VARIABLES = (*FRAME_NAMES, *CONSTANT_NAMES, *SIGNALS, "b", "tempo", "frames_per_beat")

# The functions, with the numbers of arguments that they take.
FUNCTIONS: Mapping[str, range] = MappingProxyType(
    {
        **dict.fromkeys(
            ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "exp",
             "sqrt", "log", "log10", "abs", "floor", "ceil", "tri", "saw", "sq"),
            range(1, 2),
        ),
        "arctan2": range(2, 3),
        "min": range(2, 9),
        "max": range(2, 9),
        "where": range(3, 4),
        "clamp": range(3, 4),
        "ramp": range(3, 4),
        "noise": range(1, 3),
        "pulse": range(1, 3),
    }
)  # fmt: skip

MAX_LENGTH = 500  # characters
MAX_NODES = 200
MAX_DEPTH = 40
MAX_PARENTHESES = 30  # nested
_UNIT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)([bs])(?!\w)")
_UNIT_FACTORS = {"b": "frames_per_beat", "s": "fps"}
_CHARACTERS = re.compile(r"[\w\s+\-*/%().,<>=!&|]*", re.ASCII)
_GLUED = re.compile(r"(?<![\w.])[\d.][\d_.]*(?![eE][+-]?\d)[A-Za-z_]")
_OPERATORS = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr,
    ast.UAdd, ast.USub, ast.Not, ast.And, ast.Or, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq,
    ast.NotEq,
)  # fmt: skip
_NODES = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name,
    ast.Constant, ast.Load, *_OPERATORS,
)  # fmt: skip


class Expression(NamedTuple):
    """A valid expression.

    Attributes:
        text: as the user wrote it.
        body: its syntax tree, of the kinds of nodes that are listed here.
        names: the variables in it.
    """

    text: str
    body: ast.expr
    names: frozenset[str]

    @property
    def is_number(self) -> bool:
        """Whether it is a plain number, such as 1.02 or -0.5."""
        body = self.body.operand if isinstance(self.body, ast.UnaryOp) else self.body
        return isinstance(body, ast.Constant)


@functools.lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """Parse an expression of numbers, variables and functions.

    Numbers with a unit are converted to frames: ``2s`` are seconds and ``8b`` beats.

    Raises:
        RecipeError: a syntax error, or anything that expressions may not contain.
    """
    if len(text) > MAX_LENGTH:
        _fail(text, f"it has {len(text)} characters; at most {MAX_LENGTH} are allowed")
    if not text.strip():
        raise RecipeError("an expression is empty; write one such as 1.01+0.04*sin(t/10)")
    source = _UNIT.sub(
        lambda match: f"({match[1]}*{_UNIT_FACTORS[match[2]]})", " ".join(text.split())
    )
    _check_characters(text, source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        _fail(text, "it cannot be parsed; write one such as 1.01+0.04*sin(t/10)")
    names = _check_nodes(text, tree)
    return Expression(text.strip(), tree.body, names)


def _check_characters(text: str, source: str) -> None:
    """Check what could not be parsed in a bounded time, or would be parsed as something else."""
    if (match := _CHARACTERS.match(source)) and match.end() < len(source):
        _fail(text, f"it contains {source[match.end()]!r}, which expressions cannot")
    if (glued := _GLUED.search(source)) is not None:
        _fail(text, f"{glued[0]!r} is not a number; units are s for seconds and b for beats")
    depth = deepest = 0
    for character in source:
        depth += (character == "(") - (character == ")")
        deepest = max(depth, deepest)
    if deepest > MAX_PARENTHESES:
        _fail(text, f"more than {MAX_PARENTHESES} parentheses are nested")


def _check_nodes(text: str, tree: ast.Expression) -> frozenset[str]:
    """Check every node of a syntax tree; return the names of variables."""
    names = set()
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    count = 0
    while pending:
        node, depth = pending.pop()
        count += not isinstance(node, ast.operator | ast.unaryop | ast.cmpop | ast.Load)
        if depth > MAX_DEPTH or count > MAX_NODES:
            _fail(text, f"it is too complex; at most {MAX_NODES} parts are allowed")
        if not isinstance(node, _NODES):
            _fail(text, f"it contains a part that is not allowed ({type(node).__name__})")
        if isinstance(node, ast.Constant):
            _check_number(text, node.value)
        elif isinstance(node, ast.Name):
            if node.id not in VARIABLES:
                _fail(text, f"there is no variable {node.id[:40]}; {_choices(node.id, VARIABLES)}")
            names.add(node.id)
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call):
            children = _check_call(text, node)
        pending += [(child, depth + 1) for child in children]
    return frozenset(names)


def _check_number(text: str, value: object) -> None:
    try:
        if type(value) not in (int, float) or abs(float(value)) == float("inf"):  # type: ignore[arg-type]
            _fail(text, f"{str(value)[:20]} is not a number that expressions can use")
    except (OverflowError, ValueError):  # more digits than a float, or than str can show
        _fail(text, "a number is too large")


def _check_call(text: str, call: ast.Call) -> list[ast.AST]:
    """Check a call's function and arguments; return the arguments."""
    if not isinstance(call.func, ast.Name):
        _fail(text, "only functions can be called")
    name = call.func.id
    if name not in FUNCTIONS:
        _fail(text, f"there is no function {name[:40]}; {_choices(name, FUNCTIONS)}")
    if call.keywords:
        _fail(text, f"{name} takes no named arguments")
    if len(call.args) not in FUNCTIONS[name]:
        expected = FUNCTIONS[name]
        wanted = str(expected[0]) if len(expected) == 1 else f"{expected[0]} to {expected[-1]}"
        _fail(text, f"{name} takes {wanted} arguments, not {len(call.args)}")
    return list(call.args)


def _choices(name: str, choices: "tuple[str, ...] | Mapping[str, range]") -> str:
    return suggest(name[:40], choices)


def _fail(text: str, reason: str) -> NoReturn:
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    shown = shown if shown.isprintable() else repr(shown)
    raise RecipeError(f"the expression {shown} is not valid: {reason}")
