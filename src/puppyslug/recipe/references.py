"""References to files that a recipe needs."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class FileReference(BaseModel):
    """A file that a recipe needs, identified by its name and content; never the file itself.

    Attributes:
        name: file name without folders; empty for an image that was not read from a file.
        sha256: hash of the file's bytes, or of the pixels if ``name`` is empty.
        folder: relative path from the dream's folder to the file's, if they differ; a hint where
            to look for the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(max_length=255, pattern="^[^/]*$")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    folder: Annotated[str, Field(max_length=1000, pattern="^[^/:][^:]*$")] | None = None
