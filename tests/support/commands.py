"""Commands as people give them, in this process."""

from pathlib import Path

from puppyslug.cli import main


def fails(capsys, *arguments, code=1):
    """Run a command that fails: what it says, in one line, and nothing on standard output."""
    capsys.readouterr()  # what was said before
    assert main([*arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    return line


def files(folder: Path) -> set[str]:
    """The files below a folder, by their paths in it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
