"""CONTRIBUTING's table of packages."""

import re
import tomllib
from pathlib import Path

import puppyslug

ROOT = Path(__file__).parents[2]
SOURCE = Path(puppyslug.__file__).parent


def listed_packages() -> list[str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


def test_the_table_lists_every_package_of_the_tree():
    packages = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    modules = {path.stem for path in SOURCE.glob("*.py")}
    assert modules == {"__init__", "__main__", "errors"}
    assert set(listed_packages()) == packages | {"errors"}


def test_the_table_has_the_order_of_the_import_contract():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(
        contract
        for contract in config["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    assert layers["exhaustive"] is True
    assert listed_packages() == [name for name in layers["layers"][::-1] if name != "__main__"]
