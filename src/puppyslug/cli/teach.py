"""``puppyslug teach``: a network that learns the things in one's own folders of pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puppyslug.cli import options
from puppyslug.cli.output import say
from puppyslug.cli.run import INTERRUPTED, Bar
from puppyslug.errors import OutputError, plural
from puppyslug.files.atomic import check_place
from puppyslug.networks.finetuned import SUFFIX
from puppyslug.recipe.presets import EYES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from puppyslug.training.checkpoint import Notes
    from puppyslug.training.session import Learnt, Progress

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="with one folder of pictures for each thing; one called none is of no thing",
    ),
]
Output = Annotated[
    Path, typer.Option("-o", "--output", metavar="OUT.safetensors", help="the network's file")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="go on where the same command was interrupted")
]
NoReport = Annotated[bool, typer.Option("--no-report", help="write no report beside it")]


@options.takes_settings(
    "network", "seed", network=f"network that learns [default: {EYES}]",
    seed="decides what is held out to test with, and how pictures are looked at [default: 0]",
)  # fmt: skip
def teach(
    folder: Folder,
    *,
    settings: dict[str, object],
    output: Output,
    resume: Resume = False,
    no_report: NoReport = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Teach a network your own things, from folders of pictures of them.

    Then dream of them: 'puppyslug dream --network OUT.safetensors --see THING'. A report of how
    well it learnt is written beside it.
    """
    if output.suffix.lower() != SUFFIX:
        raise OutputError(f"{output} should end in {SUFFIX}")
    report = output.with_suffix(".html")
    check_place(output, overwrite=force or resume)
    if not no_report:
        check_place(report, overwrite=force or resume)

    from puppyslug.training.checkpoint import Notes
    from puppyslug.training.collection import folders_of
    from puppyslug.training.session import load_base, teach_steps

    found = folders_of(folder)
    base = load_base(str(settings.get("network", EYES)))
    pictures = sum(len(one.files) for one in found.values())
    say(f"{plural(pictures, 'picture')} in {plural(len(found), 'folder')}", quiet=quiet)
    notes = Notes(output)
    steps = teach_steps(
        found,
        base,
        seed=int(str(settings.get("seed", 0))),
        state=notes.read() if resume else None,
    )
    last, interrupted = _follow(steps, output, notes, quiet=quiet)
    if last is None:
        say("interrupted before anything was learnt; --resume goes on", quiet=quiet)
        return INTERRUPTED
    last.save(output, overwrite=force or resume)
    print(output)
    if interrupted:
        say("interrupted: the best so far is kept; --resume goes on", quiet=quiet)
        return INTERRUPTED
    notes.remove()
    _say_how_well(last, quiet=quiet)
    if not no_report:
        from puppyslug.training.report import report_steps

        with Bar("report", quiet=quiet) as bar:
            for progress in report_steps(last, output, report):
                bar.move(progress.fraction, progress.place)
        print(report)
    return 0


def _follow(
    steps: "Iterator[Progress]", output: Path, notes: "Notes", *, quiet: bool
) -> "tuple[Learnt | None, bool]":
    """Learn; the network at the end, or the best so far where Ctrl-C came, and whether it did."""
    learnt = None
    try:
        with Bar(output.name, quiet=quiet) as bar:
            for progress in steps:
                bar.move(progress.fraction, progress.place)
                for notice in progress.notices:
                    say(notice, quiet=quiet)
                learnt = progress.learnt or learnt
                if progress.state is not None:
                    notes.write(progress.state)
    except KeyboardInterrupt:
        return learnt, True
    return learnt, False


def _say_how_well(learnt: "Learnt", *, quiet: bool) -> None:
    held = learnt.header.held
    if held is None:
        say("nothing could be held out to test with; more pictures would tell more", quiet=quiet)
        return
    total = sum(map(sum, held.counts))
    right = sum(row[index] for index, row in enumerate(held.counts))
    say(f"of {total} pictures held out, {right} are taken for what they are", quiet=quiet)
