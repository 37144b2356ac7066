"""Which dreams a list contains, as conditions of a query."""

from collections.abc import Collection
from typing import NamedTuple

IS_TRIAL = "ifnull(json_extract(document, '$.trial'), 0)"
IS_TRAINING = "json_extract(document, '$.kind') = 'teach'"
OWNER = "ifnull(json_extract(document, '$.owner'), '')"
IS_OWNERS = f"{OWNER} = ?"
TAGS = "json_each(document, '$.tags')"


class DreamFilter(NamedTuple):
    """A filter of listed dreams; trials are never listed.

    Attributes:
        words: each of these words is in title, recipe or tags; case-insensitive.
        tags: the dreams have each of these tags.
        favourites: whether only favourites are listed.
        owner: id of the browser that has submitted the dreams; None for any.
    """

    words: str = ""
    tags: Collection[str] = ()
    favourites: bool = False
    owner: str | None = None

    def conditions(self) -> tuple[list[str], list[str]]:
        """Return SQL conditions, and the values of their placeholders."""
        conditions, values = [f"NOT {IS_TRAINING}", f"NOT {IS_TRIAL}"], list[str]()
        for word in self.words.lower().split():
            conditions.append("instr(words, ?)")
            values.append(word)
        for tag in self.tags:
            conditions.append(f"? IN (SELECT value FROM {TAGS})")
            values.append(tag)
        if self.owner is not None:
            conditions.append(IS_OWNERS)
            values.append(self.owner)
        if self.favourites:
            conditions.append("json_extract(document, '$.favourite')")
        return conditions, values
