"""Writes src/puppyslug/labels/imagenet.tsv from WordNet 3.0.

    python tools/labels.py DATA.NOUN [SYNSETS]

DATA.NOUN is WordNet 3.0's file ``data.noun`` (Debian's package ``wordnet-base`` has it). SYNSETS
is a text file that begins every line with one of the 1000 WordNet ids of ILSVRC-2012, such as
``n02099601``; without it, the ids of the file as it stands are taken again. Sorted, they are in the
order of the classes.

WordNet gives every class its names, and every group (a synset above at least two classes) its names
and members. Of groups with the same members the lowest is kept. The tables below make them what
people mean by the words. They call a synset by its first name, or by its id where others share that
name; an entry that fits nothing is an error.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

TARGET = Path(__file__).parent.parent / "src/puppyslug/labels/imagenet.tsv"
HEAD = """\
# The 1000 classes of ILSVRC-2012 and the groups above them. Made by tools/labels.py; do not edit.
# Columns, with tabs between: class numbers; synset ("-" if made for puppyslug); names, best first.
# The names and groups are WordNet 3.0's. WordNet 3.0 Copyright 2006 by Princeton University. All
# rights reserved. Its licence is the file LICENSE beside this one.
"""

# Classes whose first name is another class's too, or is better left to a group: names to go first.
CLASSES = {
    134: "crane bird",
    264: "Cardigan Welsh corgi",
    345: "ox, cow",
    408: "amphibious vehicle",
    458: "memorial tablet",
    517: "construction crane",
    578: "gown, dress",
    639: "tank suit",
    738: "flowerpot",
}

# Words that people use for a class and WordNet has elsewhere: names to go last.
ALSO = {832: ["pagoda"]}

# Words that WordNet has above one class only, and people use for it: names to go last.
ONLY_ONE = """
    alligator; apple; athlete; axe; bed; belt; bench; berry; boot; buffalo; bulldog; bun; burger;
    cabbage; camel; can; carpet; cattle; chameleon; chest of drawers; cobra; cockatoo; coffee;
    coffee maker; compass; coot; coral; couch; crocodile; cuckoo; cushion; dinosaur; diver; dolphin;
    door; drill; eagle; egret; eraser; factory; fan; gate; gecko; glasses; glove; goat; hamburger;
    handgun; hawk; horse; jewellery; jewelry; kangaroo; lantern; magazine; mamba; mastiff;
    merganser; mirror; monitor lizard; motorboat; mug; nightingale; nightwear; oar; orchid; owl;
    peafowl; penguin; pheasant; pistol; potato; python; raincoat; rocket; rug; salmon; saw; sea cow;
    seal; shirt; sloth; sofa; soup; spacecraft; spectacles; spoon; squirrel; stew; swan; telescope;
    tent; tights; titmouse; trailer; trouser; uniform; wine
"""

# Groups that promise something else than they hold, or nothing that can be seen.
DROPPED = """
    abstraction; alcohol; attire; boat; bread; building; cat; causal agent; cloth covering;
    commodity; communication; communication system; computer; consumer goods; container; control;
    conveyance; course; covering; drug; entity; foodstuff; framework; fruit; gear; gown; instrument;
    instrumentality; loaf of bread; matter; mechanical device; mechanism; motor vehicle;
    movable barrier; natural object; nutriment; object; physical entity; piece of cloth;
    protective covering; punch; residence; restraint; screen; self-propelled vehicle; sheet;
    shelter; staff; starches; stick; support; supporting structure; system; table; top; vehicle;
    wheeled vehicle; whole; n00019613; n00020090; n00021265; n02954938; n02955065; n04531098;
    n07555863
"""

# Groups whose names in WordNet are not what people say, or mislead: all their names.
GROUPS = {
    "anseriform bird": "waterfowl, water bird, anseriform bird",
    "anthropoid ape": "ape, anthropoid ape",
    "armor plate": "armor plate, armour plate, plate armor",
    "bicycle": "bicycle, bike, cycle",
    "big cat": "big cat",
    "blind": "blind",
    "bovid": "bovid, ruminant",
    "cart": "cart, wagon",
    "clothing": "clothing, clothes, article of clothing, apparel",
    "cooking utensil": "kitchen utensil, cooking utensil, cookware",
    "dog": "dog, domestic dog, puppy, Canis familiaris",
    "domestic cat": "cat, domestic cat, house cat, kitten, Felis domesticus, Felis catus",
    "dwelling": "dwelling, house, home, abode",
    "edible fruit": "fruit, edible fruit",
    "elasmobranch": "cartilaginous fish, elasmobranch, selachian",
    "elephant": "elephant, pachyderm",
    "equine": "equine, equid, odd-toed ungulate",
    "flower": "flower, flowering plant",
    "game bird": "game bird, gallinaceous bird",
    "geological formation": "landscape, geological formation",
    "handcart": "handcart, pushcart",
    "heavier-than-air craft": "airplane, aeroplane, heavier-than-air craft",
    "insect": "insect, bug",
    "leporid": "leporid, lagomorph",
    "locomotive": "locomotive, railway locomotive",
    "mask": "protective mask",
    "memorial": "monument, memorial",
    "organism": "living thing, organism, being",
    "oscine": "songbird, passerine, oscine",
    "person": "person, human, human being, people, individual",
    "personal computer": "computer, personal computer, PC, microcomputer",
    "plaything": "toy, plaything",
    "procyonid": "panda, procyonid",
    "shop": "shop, store",
    "slot machine": "coin machine, slot machine",
    "teleost fish": "bony fish, teleost fish, teleost",
    "theater": "theater, theatre",
    "toy dog": "toy dog",
    "turtle": "turtle, chelonian",
    "whale": "whale, cetacean",
    "n02958343": "car, automobile, auto, motorcar",
    "n02959942": "railcar, railway car, railroad car",
    "n03206908": "crockery, dishware",
    "n04530566": "watercraft, vessel",
}

# Groups that WordNet lacks, or fills otherwise: what they join and, with a minus, leave out again.
MADE = {
    "boat": "boat; sailing vessel",
    "bread": "bread; -meat loaf",
    "building, edifice": "building; housing; castle; prison; lumbermill; beacon; -home theater",
    "chicken": "cock; hen",
    "container": "container; -wheeled vehicle",
    "food": "n00021265; n07555863; -menu; -hay",
    "motor vehicle": "motor vehicle; bus",
    "motorcycle, motorbike": "moped; motor scooter",
    "plant": "flower; fruit; vegetable; -mashed potato; -mushroom",
    "self-propelled vehicle": "self-propelled vehicle; bus; bullet train",
    "sheep": "ram; bighorn",
    "table": "table; dining table",
    "train": "bullet train; locomotive; n02959942",
    "vehicle": "conveyance; -stretcher",
    "wheeled vehicle": "wheeled vehicle; bus; bullet train",
}


class Synset(NamedTuple):
    """A meaning in WordNet: its id, its names, and the ids of the synsets right above it."""

    id: str
    names: list[str]
    parents: list[str]


class Row(NamedTuple):
    """A line of the data file."""

    members: tuple[int, ...]
    synset: str
    names: list[str]


def listed(table: str) -> list[str]:
    """The entries of a table that semicolons divide."""
    return [" ".join(entry.split()) for entry in table.split(";")]


def joined(first: Iterable[str], then: Iterable[str]) -> list[str]:
    """Names without those that come twice."""
    return list(dict.fromkeys([*first, *then]))


def read_wordnet(path: Path) -> dict[str, Synset]:
    """Every noun. Before the gloss a line holds: id, file, type, names, relations (see wndb(5))."""
    synsets = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):  # the licence
            continue
        fields = line.split(" | ")[0].split(" ")
        end = 4 + 2 * int(fields[3], 16)
        names = [name.replace("_", " ") for name in fields[4:end:2]]
        relations = [fields[start : start + 2] for start in range(end + 1, len(fields) - 3, 4)]
        parents = [f"n{other}" for kind, other in relations if kind in {"@", "@i"}]
        synsets[f"n{fields[0]}"] = Synset(f"n{fields[0]}", names, parents)
    return synsets


class Hierarchy:
    """The synsets above the classes.

    Attributes:
        classes: the synsets of the classes, in the order of the classes.
        below: for every synset above one, the classes below it.
    """

    def __init__(self, synsets: dict[str, Synset], ids: list[str]) -> None:
        @cache
        def above(synset: str) -> frozenset[str]:
            parents = synsets[synset].parents
            return frozenset(parents).union(*(above(parent) for parent in parents))

        self._synsets = synsets
        self.classes = [synsets[synset] for synset in ids]
        self.below: dict[str, list[int]] = {}
        for number, synset in enumerate(ids):
            for parent in above(synset):
                self.below.setdefault(parent, []).append(number)
        self._lowest_first = sorted(self.below, key=lambda synset: (-len(above(synset)), synset))

    def only_one(self, number: int) -> list[str]:
        """The names of all synsets that have this class below them, and no other."""
        alone = (synset for synset in self._lowest_first if self.below[synset] == [number])
        return [name for synset in alone for name in self._synsets[synset].names]

    def groups(self) -> dict[str, Synset]:
        """One synset for every set of members, by its first name, or its id if that is shared."""
        kept: dict[tuple[int, ...], Synset] = {}
        for synset in self._lowest_first:
            if len(self.below[synset]) > 1:
                kept.setdefault(tuple(self.below[synset]), self._synsets[synset])
        count = Counter(group.names[0] for group in kept.values())
        return {
            group.names[0] if count[group.names[0]] == 1 else group.id: group
            for group in kept.values()
        }


def class_rows(hierarchy: Hierarchy) -> list[Row]:
    """The classes, in order."""
    unused = set(listed(ONLY_ONE))
    rows = []
    for number, synset in enumerate(hierarchy.classes):
        last = [name for name in hierarchy.only_one(number) if name in listed(ONLY_ONE)]
        first = CLASSES.get(number, synset.names[0]).split(", ")
        rows.append(
            Row(
                (number,),
                synset.id,
                joined(first, [*synset.names, *last, *ALSO.get(number, [])]),
            )
        )
        unused -= set(last)
    check("ONLY_ONE fits nothing", unused)
    return rows


def group_rows(hierarchy: Hierarchy, classes: list[Row]) -> list[Row]:
    """The groups, by name."""
    groups = hierarchy.groups()
    check("DROPPED and GROUPS fit nothing", {*listed(DROPPED), *GROUPS} - set(groups))
    rows = [
        Row(
            tuple(hierarchy.below[group.id]),
            group.id,
            GROUPS[key].split(", ") if key in GROUPS else group.names,
        )
        for key, group in groups.items()
        if key not in listed(DROPPED)
    ]
    numbers = {row.names[0]: list(row.members) for row in classes}
    terms = numbers | {key: hierarchy.below[group.id] for key, group in groups.items()}
    for names, expression in MADE.items():
        members: set[int] = set()
        for term in listed(expression):
            if term.startswith("-"):
                members -= set(terms[term[1:]])
            else:
                members |= set(terms[term])
        rows.append(Row(tuple(sorted(members)), "-", names.split(", ")))
    return sorted(rows, key=lambda row: row.names[0].casefold())


def check(what: str, wrong: Iterable[object]) -> None:
    """Stop where anything is wrong."""
    if found := sorted(map(str, wrong)):
        sys.exit(f"{what}: {'; '.join(found)}")


def shared(items: Iterable[object]) -> list[object]:
    """What comes more than once."""
    return [item for item, times in Counter(items).items() if times > 1]


def ranges(members: tuple[int, ...]) -> str:
    """Numbers as text: ``"1-3,7"``."""
    runs: list[list[int]] = []
    for number in members:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def main(wordnet: str, synsets: str = str(TARGET)) -> None:
    """Write the data file."""
    listing = Path(synsets).read_text(encoding="utf-8")
    pattern = r"^\d+\t(n\d{8})\t" if Path(synsets) == TARGET else r"^(n\d{8})\b"
    ids = sorted(re.findall(pattern, listing, re.MULTILINE))
    if len(set(ids)) != 1000:
        sys.exit(f"{synsets} names {len(set(ids))} synsets, not 1000")
    hierarchy = Hierarchy(read_wordnet(Path(wordnet)), ids)
    classes = class_rows(hierarchy)
    rows = [*classes, *group_rows(hierarchy, classes)]
    check("first names are shared", shared(row.names[0].casefold() for row in rows))
    check("members are shared", shared(row.members for row in rows))
    check("commas divide names", (name for row in rows for name in row.names if "," in name))
    lines = ["\t".join((ranges(row.members), row.synset, ", ".join(row.names))) for row in rows]
    TARGET.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
