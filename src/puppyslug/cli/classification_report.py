"""Prints classifications: as a table in a pipe, as bars in a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.cli.messages import escape_control_characters
from puppyslug.cli.tables import print_columns

if TYPE_CHECKING:
    from puppyslug.recognition.classification import Classification, ClassProbability

BAR_WIDTH = 24  # characters of a full bar; half as many where two stand side by side
NAME_WIDTH = 30  # characters
EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True)
class ImageReport:
    """What is printed about one image.

    Attributes:
        path: the image file.
        classification: the probabilities of all classes.
        shown: the classes to print.
    """

    path: Path
    classification: "Classification"
    shown: "Sequence[ClassProbability]"

    @property
    def remark(self) -> str:
        """``"unsure"``, the class that a finetuned network decides for, or nothing."""
        return self.classification.thing or "" if self.classification.sure else "unsure"

    @property
    def heading(self) -> str:
        """The name of the file, with the remark."""
        name = escape_control_characters(str(self.path))
        if not self.remark:
            return name
        guesses = "" if self.classification.sure else ", these are guesses"
        return f"{name}: {self.remark}{guesses}"


def print_plain(reports: Sequence[ImageReport]) -> None:
    """Print one table for all images."""
    rows = [
        (
            str(report.path),
            str(guess.number),
            guess.name,
            f"{guess.probability:.4f}",
            "" if rank else report.remark,
        )
        for report in reports
        for rank, guess in enumerate(report.shown)
    ]
    print_columns(("picture", "number", "class", "probability", ""), rows)


def print_bars(report: ImageReport) -> None:
    """Print the classes of one image, each with a bar."""
    print(report.heading)
    for guess in report.shown:
        name = _pad(guess.name, NAME_WIDTH)
        print(f"  {name}  {_bar(guess.probability)} {guess.probability:5.1%}")


def print_side_by_side(first: ImageReport, second: ImageReport) -> None:
    """Print two images, such as a photo and its dream, with the same class on the same line."""
    reports = (first, second)
    before, after = (
        {guess.number: guess.probability for guess in report.classification.guesses}
        for report in reports
    )
    names = {guess.number: guess.name for guess in first.classification.guesses}
    shown = dict.fromkeys(guess.number for report in reports for guess in report.shown)
    width = BAR_WIDTH // 2
    titles = (escape_control_characters(report.path.name) for report in reports)
    print(" " * 24 + "  ".join(_pad(title, width + 8) for title in titles))
    for number in shown:
        cells = (f"{_bar(p, width)} {p:6.1%} " for p in (before[number], after[number]))
        print(f"{_pad(names[number], 22)}  {'  '.join(cells)}".rstrip())
    for report in reports:
        if report.remark:
            print(report.heading)


def _bar(fraction: float, width: int = BAR_WIDTH) -> str:
    full, rest = divmod(round(fraction * width * 8), 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def _pad(text: str, width: int) -> str:
    """Pad or truncate a text to a number of characters."""
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)
