"""Plain-text help that groups options under headings, without Rich and without a terminal."""

from typing import Any

from typer.core import TyperCommand

ARGUMENTS_PANEL = "Arguments"
PICTURE_PANEL = "Picture"
OBJECTIVE_PANEL = "Objective"
STEPS_PANEL = "Octaves and steps"
DRAWING_PANEL = "Named things"
LOOK_PANEL = "Look"
FILM_PANEL = "Film"
LIVE_PANEL = "Live"
OUTPUT_PANEL = "Output"
MACHINE_PANEL = "Machine"
OTHER_PANEL = "Options"
PANELS = (
    ARGUMENTS_PANEL,
    PICTURE_PANEL,
    OBJECTIVE_PANEL,
    STEPS_PANEL,
    DRAWING_PANEL,
    LOOK_PANEL,
    FILM_PANEL,
    LIVE_PANEL,
    OUTPUT_PANEL,
    MACHINE_PANEL,
    OTHER_PANEL,
)  # in the order in which help shows them


MIN_GROUPED_PARAMETERS = 17  # shorter lists need no headings
COLUMN_WIDTH = 22  # characters of the options' column where there are headings


class GroupedCommand(TyperCommand):
    """A command whose help groups options by their ``rich_help_panel``, as Typer does with Rich."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options of each panel; few options share a single panel."""
        grouped = len(self.get_params(ctx)) >= MIN_GROUPED_PARAMETERS
        panels: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                metavar = record[0].split(" <")[0]  # without the type
                panels.setdefault(ARGUMENTS_PANEL, []).append((metavar, record[1]))
            else:
                panel = (grouped and getattr(parameter, "rich_help_panel", None)) or OTHER_PANEL
                panels.setdefault(panel, []).append(record)
        for panel in sorted(panels, key=PANELS.index):
            with formatter.section(panel):
                if grouped:
                    rows = [(name.ljust(COLUMN_WIDTH), text) for name, text in panels[panel]]
                    formatter.write_dl(rows, col_max=COLUMN_WIDTH)
                else:
                    formatter.write_dl(panels[panel])
