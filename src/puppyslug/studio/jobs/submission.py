"""From a request to a dream in the queue: settings completed, limits kept, files stored."""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from puppyslug.engine.octaves import plan_octaves
from puppyslug.images import fit
from puppyslug.images.sizes import display_size
from puppyslug.networks import find_spec
from puppyslug.networks.class_names import taught_vocabulary
from puppyslug.networks.weights.cache import is_here
from puppyslug.objectives import parse_objective
from puppyslug.recipe.presets import ZOOM
from puppyslug.recipe.recipe import STARTS, FileReference, Recipe
from puppyslug.recipe.settings import fold_objective, laid_over, look_of, steered
from puppyslug.recipe.sizes import photo_size, start_size
from puppyslug.studio.http_errors import RefusedError
from puppyslug.studio.jobs.models import Dream, Kind, StoredFile
from puppyslug.studio.jobs.networks import Networks
from puppyslug.studio.jobs.storage import RESULT, Folder
from puppyslug.studio.jobs.store import Store
from puppyslug.studio.jobs.uploads import Upload
from puppyslug.studio.limits import Limits

# what only the machine's owner decides, or what another machine resolved for itself
_NOT_TAKEN = frozenset(
    (
        "weights",
        "labels",
        "memory",
        "threads",
        "device",
        "winograd",
        "tile",
        "stop_after",
        "version",
    )
)


class Asked(NamedTuple):
    """What a request asks for.

    Attributes:
        settings: fields of a recipe, or what is short for one; untrusted.
        kind: picture or zoom.
        frames: of a film.
        fps: of a film.
        photo: what to dream of; None for noise, clouds, or what a parent has.
        mask: where to dream, or None.
        guides: pictures whose features to seek.
        parent: a dream whose files to take where none are sent.
        feed: whether to start from the parent's result instead of its photo.
        enlarged: the size of the same composition as the parent's; None for its own.
    """

    settings: dict[str, Any]
    kind: Kind = "picture"
    frames: int = 100
    fps: float = 25
    photo: Upload | None = None
    mask: Upload | None = None
    guides: Sequence[Upload] = ()
    parent: Dream | None = None
    feed: bool = False
    enlarged: str | None = None


class Submissions:
    """Takes dreams into the queue."""

    def __init__(self, store: Store, folder: Folder, limits: Limits, networks: Networks) -> None:
        """Take what keeps dreams, and what they may be."""
        self._store, self._folder, self._limits = store, folder, limits
        self._networks = networks

    def take(self, asked: Asked) -> Dream:
        """Queue a dream.

        Raises:
            PuppyslugError: settings that cannot be followed.
            RefusedError: too much of something, or no room in the queue.
        """
        self._check_film(asked)
        self.check_room()
        identity = secrets.token_urlsafe(12)
        folder = self._folder.of(identity)
        folder.mkdir()
        try:
            files = _stored(asked, folder, self._folder)
            recipe = _recipe(asked, files, self._networks)
            self._check(recipe, asked, files)
            dream = Dream(
                id=identity,
                kind=asked.kind,
                title=files.photo.name if files.photo else str(recipe.photo),
                recipe=recipe.as_settings(),
                photo=files.photo,
                mask=files.mask,
                guides=files.guides,
                frames=asked.frames if asked.kind == "zoom" else 1,
                fps=asked.fps,
                parent=asked.parent.id if asked.parent else None,
                created=time.time(),
                bytes=self._folder.size(identity),
            )
            if self._store.add(dream, room=self._limits.queue) is not None:
                self.check_room(full=True)
        except BaseException:
            self._folder.remove(identity)
            raise
        return dream

    def check_room(self, *, full: bool = False) -> None:
        """Refuse early where the queue is full.

        Args:
            full: it is known to be.

        Raises:
            RefusedError: it is.
        """
        waiting = self._store.waiting()
        if full or waiting >= self._limits.queue:
            raise RefusedError(
                429,
                f"{self._limits.queue} dreams are waiting, which is the limit; try again later",
                wait=30,
            )

    def _check_film(self, asked: Asked) -> None:
        most = self._limits.frames
        if asked.kind == "zoom" and not 1 <= asked.frames <= most:
            raise RefusedError(422, f"a film has 1 to {most} frames here, not {asked.frames}")
        if not 1 <= asked.fps <= 120:
            raise RefusedError(422, f"a film has 1 to 120 frames a second, not {asked.fps:g}")

    def _check(self, recipe: Recipe, asked: Asked, files: "_Files") -> None:
        """Refuse what would fail later, while somebody is there to read it."""
        spec = find_spec(recipe.network)
        for one in spec.members or (spec,):
            if not is_here(one):
                raise RefusedError(
                    422,
                    f"the network {one.name} is not on this machine; "
                    f"'puppyslug networks fetch {one.name}' brings it",
                )
        size = _size(recipe.size, files.photo.size if files.photo else None)
        most = self._limits.film if asked.kind == "zoom" else self._limits.dream
        if size[0] * size[1] > most:
            raise RefusedError(
                422,
                f"{display_size(size)} is more than the {most / 1e6:g} megapixels that a "
                f"{asked.kind} may have here; take a smaller size",
            )
        objective = recipe.any_objective()
        if spec.taught is not None:  # whose names a recipe leaves for later
            parse_objective(recipe.objective, taught_vocabulary(spec, spec.taught).find)
        for area in {size, recipe.composition or size}:
            objective.check(spec, area)
            plan_octaves(recipe, objective, spec, area)
        missing = {guide.name for guide in objective.guides}
        missing -= {guide.name for guide in files.guides}
        if missing:
            raise RefusedError(422, f"the guide {min(missing)} is missing; send its picture along")


class _Files(NamedTuple):
    photo: StoredFile | None
    mask: StoredFile | None
    guides: list[StoredFile]


def _stored(asked: Asked, folder: Path, data: Folder) -> _Files:
    """Write what was sent into a dream's folder, and link what its parent has."""
    parent = asked.parent
    photo = asked.photo.keep(folder, "photo") if asked.photo else None
    mask = asked.mask.keep(folder, "mask") if asked.mask else None
    guides = [guide.keep(folder, f"guide-{n}") for n, guide in enumerate(asked.guides, 1)]
    if len({guide.name for guide in guides}) < len(guides):
        raise RefusedError(422, "two guides have the same name; rename one of them")
    if parent is not None and photo is None:
        home = data.of(parent.id)
        if asked.feed:
            photo = _fed(home, folder, parent)
        elif parent.photo is not None:
            photo = _linked(home, folder, parent.photo)
        if mask is None and parent.mask is not None:
            mask = _linked(home, folder, parent.mask)
        if not guides:
            guides = [_linked(home, folder, guide) for guide in parent.guides]
    return _Files(photo, mask, guides)


def _linked(home: Path, folder: Path, stored: StoredFile) -> StoredFile:
    """A parent's file, in the child's folder too, without taking room twice."""
    source, target = home / stored.file, folder / stored.file
    try:
        target.hardlink_to(source)
    except OSError:
        with suppress(FileNotFoundError):
            target.write_bytes(source.read_bytes())
    if not target.exists():
        raise RefusedError(409, f"{stored.name} is gone from that dream; send it along")
    return stored


def _fed(home: Path, folder: Path, parent: Dream) -> StoredFile:
    """A parent's result, as the photo of its child."""
    result = home / RESULT
    if not result.is_file():
        raise RefusedError(409, "that dream has no picture yet to dream on from")
    name = f"{Path(parent.title).stem or 'dream'}.dream.png"
    upload = Upload(name, result.read_bytes(), ".png", (parent.height, parent.width))
    return upload.keep(folder, "photo")


def _recipe(asked: Asked, files: _Files, networks: Networks) -> Recipe:
    """The complete recipe, with references to the files that it needs."""
    settings = {name: value for name, value in asked.settings.items() if name not in _NOT_TAKEN}
    parent = asked.parent
    networks.check(str(settings.get("network", "")))
    if parent is None and isinstance(settings.get("photo"), dict):
        if files.photo is None:
            raise RefusedError(422, "the recipe is of a photo; send the photo along")
        settings = look_of(settings)  # from a dream of somewhere else
    if parent is not None:
        networks.check(str(settings.get("network", parent.recipe.get("network", ""))))
        settings = laid_over(_inherited(parent, settings, asked), settings)
    if files.guides and not settings.get("objective"):
        settings["guide"] = [guide.name for guide in files.guides]
    if files.photo is not None:
        settings["photo"] = _reference(files.photo)
    elif settings.get("photo", "clouds") not in STARTS:
        raise RefusedError(422, "the photo is missing; send it along, or take noise or clouds")
    if files.mask is not None:
        settings["mask"] = _reference(files.mask)
    elif isinstance(settings.get("mask"), dict):
        raise RefusedError(422, "the mask is missing; send its picture along")
    if asked.kind == "zoom":
        settings = {"zoom": ZOOM, **settings}
    settings["guides"] = [_reference(guide) for guide in files.guides]
    recipe = Recipe.complete(fold_objective(settings))
    return recipe.resized(asked.enlarged) if asked.enlarged else recipe


def _inherited(parent: Dream, settings: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """What of a parent's recipe holds for its child."""
    stored = dict(parent.recipe)
    stored.pop("stop_after", None)
    if asked.feed or asked.kind == "zoom":
        stored = {**look_of(stored), "schedule": []}
    if "size" in settings:
        stored = {name: value for name, value in stored.items() if name not in {"composed", "tile"}}
    return stored


def _reference(stored: StoredFile) -> FileReference:
    return FileReference(name=stored.name, sha256=stored.sha256)


def _size(text: str | None, photo: tuple[int, int] | None) -> tuple[int, int]:
    """(height, width) that a recipe's ``size`` comes to."""
    if photo is None:
        return start_size(text)
    longest, size = photo_size(text)
    return size or (photo if longest is None else fit(photo, longest))


def check_steering(dream: Dream, changes: dict[str, Any]) -> dict[str, Any]:
    """Fold and check changes that a running dream is sent.

    Args:
        dream: that runs.
        changes: fields of a recipe, or what is short for an objective.

    Raises:
        PuppyslugError: they cannot be followed.
    """
    recipe = Recipe.complete(dream.recipe)
    short = {"layer", "channel", "see"} & changes.keys()
    if short:
        folded = fold_objective({"network": recipe.network, **changes})
        changes = {name: value for name, value in changes.items() if name not in short}
        changes |= {"objective": folded["objective"]} if "objective" in folded else {}
    if "objective" in changes:
        objective = parse_objective(str(changes["objective"]), recipe.names)
        size = (dream.height, dream.width) if dream.height else start_size(None)
        objective.check(find_spec(recipe.network), recipe.composition or size)
    if not changes:
        raise RefusedError(422, "nothing to change; send objective, step_size or strength")
    steered(recipe, (0, 0, 0), changes)
    return changes
