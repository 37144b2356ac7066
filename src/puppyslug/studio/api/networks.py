"""The HTTP API of networks: the list of all, and the files of those trained in the studio."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import FileResponse

from puppyslug.studio import choices
from puppyslug.studio.api.dependencies import Studio, forbid_pupils
from puppyslug.studio.http_errors import HTTPError

router = APIRouter(prefix="/api/networks")
FileName = Annotated[str, Path(alias="name", max_length=200)]


@router.get("")
def list_networks(studio: Studio) -> list[dict[str, Any]]:
    """List every network: whether its weights are here, its layers, its trained classes."""
    return choices.describe_networks(studio.networks.list_specs())


@router.get("/{name}", response_class=FileResponse, dependencies=[Depends(forbid_pupils)])
def get_network(studio: Studio, file: FileName) -> FileResponse:
    """Return the file of a trained network, for the command line."""
    path = studio.networks.find(file)
    if path is None:
        raise _not_found(file)
    return FileResponse(path, filename=path.name, media_type="application/octet-stream")


@router.delete("/{name}", status_code=204, dependencies=[Depends(forbid_pupils)])
def delete_network(studio: Studio, file: FileName) -> None:
    """Delete a trained network; the pictures that it was trained on are kept."""
    if not studio.networks.delete(file):
        raise _not_found(file)


def _not_found(file: str) -> HTTPError:
    return HTTPError(404, f"the network {file[:80]} was not trained in this studio")
