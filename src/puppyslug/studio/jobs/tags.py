"""Tags and favourites: words by which users find their dreams again."""

import threading
from collections.abc import Iterable, Sequence

from puppyslug.studio.http_errors import HTTPError
from puppyslug.studio.jobs.models import Job
from puppyslug.studio.jobs.store import JobStore
from puppyslug.studio.jobs.uploads import INVISIBLE

MAX_TAGS = 20  # of a dream
MAX_LENGTH = 30  # characters of a tag


class TagEditor:
    """Changes the tags of stored dreams."""

    _lock = threading.Lock()  # one change at a time, since each reads the tags and writes them

    def __init__(self, store: JobStore) -> None:
        """Change the dreams of a store."""
        self._store = store

    def edit(
        self,
        dreams: Iterable[Job],
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        favourite: bool | None = None,
    ) -> list[Job]:
        """Change several dreams in the same way; all of them, or none if one cannot be changed.

        Args:
            dreams: the dreams.
            add: tags that they get. One that differs from a known tag in case only becomes it.
            remove: tags that they lose, if they have them.
            favourite: whether they are favourites; None to leave that as it is.

        Returns:
            The dreams as they are now; without those deleted in the meantime.

        Raises:
            HTTPError: a tag is invalid, or a dream would have too many.
        """
        with self._lock:
            known = {name.casefold(): name for name in self._store.count_tags()}
            added = [known.get(name.casefold(), name) for name in map(clean_tag, add)]
            removed = {clean_tag(name).casefold() for name in remove}
            changes = []
            for dream in dreams:
                current = self._store.get(dream.id)
                if current is not None:
                    changes.append((current, _change(current, added, removed)))
            edited = []
            for current, tags in changes:
                starred = current.favourite if favourite is None else favourite
                changed = self._store.update(current.id, tags=tags, favourite=starred)
                if changed is not None:
                    edited.append(changed)
        return edited


def _change(dream: Job, added: Sequence[str], removed: set[str]) -> list[str]:
    kept = [tag for tag in dream.tags if tag.casefold() not in removed]
    tags = list(dict.fromkeys([*kept, *added]))
    if len(tags) > MAX_TAGS:
        raise HTTPError(
            422, f"the dream of {dream.title} would have {len(tags)} tags; the limit is {MAX_TAGS}"
        )
    return tags


def clean_tag(text: str) -> str:
    """Return a tag without needless spaces and invisible characters.

    Raises:
        HTTPError: it is empty or too long.
    """
    tag = " ".join(INVISIBLE.sub("", text).split())
    if not 1 <= len(tag) <= MAX_LENGTH:
        raise HTTPError(422, f"a tag has 1 to {MAX_LENGTH} characters; change it")
    return tag
