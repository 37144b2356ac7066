"""Notices about a dream, in words that fit the studio: no options, and the user's file names."""

from collections.abc import Iterable

from puppyslug.errors import option
from puppyslug.images.sizes import Size, display_size
from puppyslug.studio.jobs.models import Job


def describe_notices(job: Job, notices: Iterable[str], size: Size) -> list[str]:
    """Return the notices of a prepared dream as the studio shows them.

    Args:
        job: the dream.
        notices: as ``prepare`` returns them.
        size: (height, width) of the dream.
    """
    files = [*job.guides, *(file for file in (job.photo, job.mask) if file)]
    names = {file.file: file.name for file in files}
    described = []
    for notice in notices:
        if job.photo is not None and option("size", "full") in notice:
            text = (
                f"{job.photo.name} is scaled down from {display_size(job.photo.size)} to "
                f"{display_size(size)}; a larger one takes longer and shows finer detail"
            )
        else:
            text = notice
            for file, name in names.items():
                text = text.replace(file, name)
        described.append(text)
    return described
