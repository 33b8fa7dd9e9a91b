"""The labels of a project: their numbers never change, all else may."""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from ._schema import label_class

# Okabe and Ito, then Tol's muted scheme: told apart by people who are color-blind
COLORS = (
    "#E69F00 #56B4E9 #009E73 #F0E442 #0072B2 #D55E00 #CC79A7 #332288 #88CCEE #44AA99 #117733 "
    "#999933 #DDCC77 #CC6677 #882255 #AA4499"
).split()


@dataclass(frozen=True)
class LabelClass:
    """A label that images can have.

    Attributes
    ----------
    id : int
        Its number, which never changes.
    name : str
        Any text.
    color : str
        As ``"#rrggbb"``.
    is_archived : bool
        Whether it is no longer given; images that have it keep it.
    """

    id: int
    name: str
    color: str
    is_archived: bool


def read_classes(connection):
    """Return all labels in the order that people have given them."""
    columns = [label_class.c[name] for name in ("id", "name", "color", "is_archived")]
    rows = connection.execute(sa.select(*columns).order_by(label_class.c.position))
    return [LabelClass(**row._mapping) for row in rows]


def add_class(connection, name):
    """Append a label, with the next color."""
    check_name(name)
    known = read_classes(connection)
    _check_new(known, name)
    row = {"name": name, "color": COLORS[len(known) % len(COLORS)], "position": len(known)}
    connection.execute(sa.insert(label_class).values(row))


def _check_new(known, name):
    same = [c for c in known if c.name == name]
    if same and same[0].is_archived:
        raise ValueError(
            f"the project has a label {name!r} that is archived. Bring it back by archive_label("
            f"{name!r}, is_archived=False), or choose another name."
        )
    if same:
        raise ValueError(f"the project has a label {name!r} already. Choose another name.")


def change_class(connection, known_as, **values):
    """Rename, recolor, move or archive a label."""
    found = find_class(connection, known_as)
    new = values.get("name", known_as)
    if new != known_as:
        check_name(new)
        _check_new(read_classes(connection), new)
    connection.execute(sa.update(label_class).where(label_class.c.id == found.id).values(**values))


def recolor_class(connection, name, color):
    """Give a label another color."""
    if not isinstance(color, str) or not re.fullmatch("#[0-9a-fA-F]{6}", color):
        raise ValueError(f"color must be like '#rrggbb', with hexadecimal digits; got {color!r}.")
    change_class(connection, name, color=color)


def retire_class(connection, label_id, merged_into=None):
    """Archive a label because its images have lost it; return what changes, to change it back."""
    row = connection.execute(sa.select(label_class).where(label_class.c.id == label_id)).one()
    before = {"is_archived": row.is_archived, "merged_into": row.merged_into}
    after = {"is_archived": True, "merged_into": merged_into}
    change = {"label_id": label_id, "before": before, "after": after}
    change_back(connection, change, False)
    return change


def change_back(connection, change, is_back):
    """Undo or redo what happened to a label; None changes nothing."""
    if change is not None:
        values = change["before" if is_back else "after"]
        where = label_class.c.id == change["label_id"]
        connection.execute(sa.update(label_class).where(where).values(values))


def order_classes(connection, names):
    """Put labels into another order."""
    known = [c.name for c in read_classes(connection)]
    if sorted(names) != sorted(known):
        raise ValueError(f"names must hold each label once, {known}; got {list(names)}.")
    for position, name in enumerate(names):
        change_class(connection, name, position=position)


def find_class(connection, name):
    """Return the label of a name, or raise."""
    classes = read_classes(connection)
    for found in classes:
        if found.name == name:
            return found
    names = [c.name for c in classes if not c.is_archived]
    raise ValueError(f"the project has no label {name!r}; it has {names}. Add it by add_label.")


def check_names(names):
    """Raise unless names are several distinct texts."""
    if isinstance(names, str):
        raise TypeError(f"labels must be a list of names; got the text {names!r}.")
    names = list(names)
    for name in names:
        check_name(name)
    if len(set(names)) < len(names):
        raise ValueError(f"labels must be distinct; got {names}.")
    return names


def check_name(name):
    """Raise unless a name is a text that is not blank."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a label must be a text; got {name!r}.")
    if not name.strip():
        raise ValueError("the name of a label must not be blank.")
