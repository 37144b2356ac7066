"""Jobs as JSON: what determines a result, to compare with what an interrupted run has stored."""

import json
from collections.abc import Mapping
from typing import Any


def normalise_job(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job as JSON restores it, so that it equals the same job that has been stored."""
    return dict(json.loads(json.dumps(job, sort_keys=True)))


def different_settings(job: Mapping[str, Any], stored: Mapping[str, Any]) -> list[str]:
    """Return the names of the settings in which two jobs differ, sorted."""
    return [name for name in sorted({*job, *stored}) if job.get(name) != stored.get(name)]
