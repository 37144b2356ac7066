"""The HTTP API of what users can choose from: labels, portraits and settings."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from puppyslug.recipe.defaults import CLASSIFIER
from puppyslug.studio import choices
from puppyslug.studio.api.dependencies import Client, Studio
from puppyslug.studio.http_errors import HTTPError
from puppyslug.visualization.atlas import find_atlas
from puppyslug.visualization.atlas.atlas import PORTRAITS_FILE

router = APIRouter(prefix="/api")
NetworkName = Annotated[str, Query(max_length=200)]
LayerName = Annotated[str, Query(max_length=200)]


@router.get("/labels")
def search_labels(
    studio: Studio,
    q: Annotated[str, Query(max_length=100, description="part of a name")] = "",
    network: NetworkName = CLASSIFIER,
    limit: Annotated[int, Query(ge=1, le=2000)] = 20,
) -> list[dict[str, Any]]:
    """Find classes and groups of classes by name, best match first."""
    studio.networks.register_used(network)
    return choices.search_labels(q, network, limit)


@router.get("/atlas")
def get_atlas(
    network: NetworkName,
    layer: LayerName,
    q: Annotated[str, Query(max_length=100, description="what the portraits show")] = "",
) -> dict[str, Any]:
    """Describe the portraits of a layer; their numbers are their places in the picture."""
    return choices.describe_atlas(network, layer, q)


@router.get("/atlas/portraits")
def get_portraits(network: NetworkName, layer: LayerName) -> FileResponse:
    """Return one picture with all portraits of a layer, row by row."""
    path = find_atlas(network, layer).folder / PORTRAITS_FILE
    if not path.is_file():
        raise HTTPError(404, f"the portraits of {layer[:80]} are missing; build the atlas again")
    return FileResponse(path, media_type="image/webp", headers={"Cache-Control": "max-age=3600"})


@router.get("/settings")
def get_settings(studio: Studio, client: Client) -> dict[str, Any]:
    """Return the presets, the recipe's fields with help and bounds, and the studio's limits."""
    return {
        "presets": choices.describe_presets(),
        "fields": choices.describe_fields(),
        "limits": {**vars(studio.limits), **(vars(client.limits) if client.limits else {})},
    }
