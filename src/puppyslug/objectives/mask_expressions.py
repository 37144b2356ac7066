"""Masks by what is in a picture, such as ``face``, or ``not see(cat) and bright``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, NoReturn

from puppyslug.errors import ObjectiveError, suggest
from puppyslug.labels import FindLabel, find_label
from puppyslug.objectives.class_mask import ClassMask
from puppyslug.objectives.parser import MAX_LENGTH
from puppyslug.objectives.terms.see import SeeTerm

# The masks that are called by name, with what each of them covers.
MASK_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "face": "all faces of people",
        "person": "all people whose face is visible",
        "foreground": "what stands out from the background",
        "bright": "the brighter part of the picture",
        "dark": "the darker part of the picture",
        "edges": "the outlines of things",
    }
)
MASK_CALLS = ("see", "color", "grow", "feather")
MAX_PIXELS = 1000  # by which a mask grows or is feathered
MAX_DEPTH = 20  # of parentheses
DEFAULT_TOLERANCE = 20.0  # of a colour, in units of CIE L*a*b*
_SYNTAX_HELP = (
    f"name an image file, or write see(NAME), {', '.join(MASK_NAMES)} or color(#87ceeb), combined "
    "by and, or, not, grow(MASK, PIXELS) and feather(MASK, PIXELS)"
)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_TOKEN = re.compile(
    rf'\s*(?:(?P<see>see\s*\(\s*(?P<label>"[^"]*"|[^()"]*)\))'
    rf"|(?P<color>colou?r\s*\(\s*(?P<value>#?\w+)\s*(?:,\s*(?P<tolerance>{_NUMBER})\s*)?\))"
    rf"|(?P<number>{_NUMBER})|(?P<word>[A-Za-z_]\w*)|(?P<sign>[(),]))"
)
_WORDS = "|".join((*MASK_NAMES, "not"))
_START = re.compile(rf"[\s(]*(?:(?:{_WORDS})(?![\w.-])|(?:{'|'.join(MASK_CALLS)}|colour)\s*\()")
_FILE = re.compile(r".*\.[A-Za-z]\w{2,4}\s*")


@dataclass(frozen=True)
class NamedMask:
    """One of ``MASK_NAMES``."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ColourMask:
    """Where a picture has a colour.

    Attributes:
        colour: the colour as ``#rrggbb``.
        tolerance: largest distance from it, in units of CIE L*a*b*.
    """

    colour: str
    tolerance: float = DEFAULT_TOLERANCE

    def __str__(self) -> str:
        tolerance = "" if self.tolerance == DEFAULT_TOLERANCE else f", {self.tolerance:g}"
        return f"color({self.colour}{tolerance})"


@dataclass(frozen=True)
class InvertedMask:
    """Everywhere else."""

    mask: "Mask"

    def __str__(self) -> str:
        return f"not {_enclosed(self.mask, CombinedMask)}"


@dataclass(frozen=True)
class CombinedMask:
    """Where all of several masks are (``and``), or any of them (``or``)."""

    operator: str
    masks: "tuple[Mask, ...]"

    def __str__(self) -> str:
        return f" {self.operator} ".join(_enclosed(mask, CombinedMask) for mask in self.masks)


@dataclass(frozen=True)
class _ChangedMask:
    """A mask whose outline is changed by a number of pixels."""

    call: ClassVar[str]

    mask: "Mask"
    pixels: float

    def __str__(self) -> str:
        return f"{self.call}({self.mask}, {self.pixels:g})"


class GrownMask(_ChangedMask):
    """A mask whose outline is moved outwards by a number of pixels, or inwards if negative."""

    call = "grow"


class FeatheredMask(_ChangedMask):
    """A mask whose outline fades out over a number of pixels."""

    call = "feather"


Mask = ClassMask | NamedMask | ColourMask | InvertedMask | CombinedMask | GrownMask | FeatheredMask


def is_mask_expression(text: str) -> bool:
    """Return whether text is meant as a mask by what is in the picture, rather than as a file."""
    return _START.match(text) is not None and _FILE.fullmatch(text) is None


def parse_mask(text: str, names: FindLabel = find_label) -> Mask:
    """Create a mask from text.

    ``not`` binds closer than ``and``, ``and`` closer than ``or``. ``grow`` and ``feather`` are
    written as ``grow(face, 10)`` or behind the mask, as in ``face grow(10)``.

    Args:
        text: the mask, such as ``see(cat)``, ``not face`` or ``bright and not color(#87ceeb)``.
        names: looks up a label by name; ImageNet's by default.

    Raises:
        LabelError: unknown class or group.
        ObjectiveError: a syntax error.
    """
    return _Parser(text, names).parse()


class _Parser:
    """Parses one text by recursive descent."""

    def __init__(self, text: str, names: FindLabel) -> None:
        self._text, self._names = text, names
        self._position = self._depth = 0
        if len(text) > MAX_LENGTH:
            self._fail()

    def parse(self) -> Mask:
        mask = self._alternatives()
        if self._text[self._position :].strip():
            self._fail()
        return mask

    def _alternatives(self) -> Mask:
        return self._combined("or", lambda: self._combined("and", self._inverted))

    def _combined(self, operator: str, parse_part: Callable[[], Mask]) -> Mask:
        masks = [parse_part()]
        while self._take(operator):
            masks.append(parse_part())
        return masks[0] if len(masks) == 1 else CombinedMask(operator, tuple(masks))

    def _inverted(self) -> Mask:
        inverted = False
        while self._take("not"):
            inverted = not inverted
        mask = self._changed()
        if not inverted:
            return mask
        if isinstance(mask, ClassMask):
            return ClassMask(mask.term, inverted=not mask.inverted)
        return InvertedMask(mask)

    def _changed(self) -> Mask:
        """Parse a mask, and ``grow(10)`` or ``feather(10)`` behind it."""
        mask = self._single()
        while kind := self._take_change():
            mask = kind(mask, self._pixels())
            self._expect(")")
        return mask

    def _single(self) -> Mask:
        if self._take("("):
            mask = self._enclosed_mask()
            self._expect(")")
            return mask
        if kind := self._take_change():
            mask = self._enclosed_mask()
            self._expect(",")
            mask = kind(mask, self._pixels())
            self._expect(")")
            return mask
        match = _TOKEN.match(self._text, self._position)
        if match is None or match["number"] or match["sign"]:
            self._fail()
        self._position = match.end()
        if match["see"]:
            return ClassMask(SeeTerm.parse(match["label"], self._names))
        if match["color"]:
            return _parse_colour(match["value"], match["tolerance"])
        if match["word"] not in MASK_NAMES:
            self._fail("" if match["word"] in MASK_CALLS else match["word"])
        return NamedMask(match["word"])

    def _enclosed_mask(self) -> Mask:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail()
        mask = self._alternatives()
        self._depth -= 1
        return mask

    def _take(self, token: str) -> bool:
        match = _TOKEN.match(self._text, self._position)
        if match is None or token not in (match["word"], match["sign"]):
            return False
        self._position = match.end()
        return True

    def _take_change(self) -> "type[GrownMask | FeatheredMask] | None":
        for kind in (GrownMask, FeatheredMask):
            start = self._position
            if self._take(kind.call):
                if self._take("("):
                    return kind
                self._position = start
        return None

    def _pixels(self) -> float:
        match = _TOKEN.match(self._text, self._position)
        if match is None or match["number"] is None or abs(float(match["number"])) > MAX_PIXELS:
            self._fail()
        self._position = match.end()
        return float(match["number"])

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            self._fail()

    def _fail(self, word: str = "") -> NoReturn:
        name = f"{word!r}" if word else f"{self._text[:80]!r}"
        near = suggest(word, MASK_NAMES).partition(";")[0] if word else ""
        hint = f"{near}; " if near.startswith("did you mean") else ""
        raise ObjectiveError(f"{name} is not a mask; {hint}{_SYNTAX_HELP}")


def _parse_colour(value: str, tolerance: str | None) -> ColourMask:
    from PIL import ImageColor  # only masks by colour need it

    try:
        red, green, blue = ImageColor.getrgb(value)[:3]
    except ValueError as error:
        raise ObjectiveError(
            f"{value!r} is not a colour; write color(#rrggbb), such as color(#87ceeb)"
        ) from error
    distance = DEFAULT_TOLERANCE if tolerance is None else float(tolerance)
    if not 0 < distance <= 100:
        raise ObjectiveError(f"the tolerance of a colour is 1 to 100, not {distance:g}")
    return ColourMask(f"#{red:02x}{green:02x}{blue:02x}", distance)


def _enclosed(mask: Mask, kind: type) -> str:
    return f"({mask})" if isinstance(mask, kind) else str(mask)
