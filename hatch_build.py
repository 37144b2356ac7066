"""Compiles the native kernels into the wheel, where there is a C compiler.

Without one, or with ``PUPPYSLUG_NO_NATIVE=1``, the wheel is pure Python, and puppyslug computes
the same in plain torch.
"""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNELS = Path("src/puppyslug/networks/kernels")
SOURCE, LIBRARY = KERNELS / "native.c", KERNELS / "_native.so"


class NativeBuildHook(BuildHookInterface[Any]):
    """Adds the compiled library to the wheel, which then is for one platform."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Compile; called before files are collected."""
        root = Path(self.root)
        library = root / LIBRARY
        library.unlink(missing_ok=True)
        if not self._compile(root / SOURCE, library):
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["artifacts"].append(LIBRARY.as_posix())

    def _compile(self, source: Path, library: Path) -> bool:
        compiler = os.environ.get("CC") or shutil.which("cc")
        if compiler is None or os.environ.get("PUPPYSLUG_NO_NATIVE") == "1":
            return False
        command = [*compiler.split(), "-O3", "-shared", "-fPIC", "-o", str(library), str(source)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            self.app.display_warning(f"no native kernels: {error}")
            return False
        if result.returncode:
            self.app.display_warning(f"no native kernels: {compiler} failed: {result.stderr}")
        return result.returncode == 0
