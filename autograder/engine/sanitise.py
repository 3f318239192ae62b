"""Whatever was handed in becomes a notebook that can be graded; what had to be mended is said in a remark."""

import json
import re
import uuid

import nbformat
from nbformat import NotebookNode

from autograder.engine.boxed.wire import clean_text
from autograder.engine.outputs import harmless_markdown

MAX_BYTES = 64 * 2**20
MAX_CELLS = 2000
MAX_SOURCE = 2 * 2**20
MAX_ATTACHMENT = 5 * 2**20
UNREADABLE = "unreadable"


class Unreadable(ValueError):
    """A file that is no notebook; the text says why, fit for a student."""


def sanitise(data, plan):
    """Make a clean notebook of a submitted file.

    Parameters
    ----------
    data : bytes or None
        Content of the file; None when there is none.
    plan : NotebookPlan

    Returns
    -------
    notebook : NotebookNode
        With every planned cell exactly once, in order, its metadata restored; test and locked cells hold the
        gradebook's text, answers the student's. No outputs, no tags but ``show`` on cells that are as handed out. Where
        there was nothing to read, the metadata say why under `UNREADABLE`.
    remarks : list of str
        What was wrong, for student and staff.
    """
    remarks, unreadable = [], ""
    try:
        cells = read_cells(data, remarks)
    except Unreadable as problem:
        unreadable = str(problem)
        remarks.append(unreadable)
        cells = []
    cells = _label(cells, plan, remarks)
    cells = _restore_order(cells, plan, remarks)
    cells = _add_missing(cells, plan, remarks if cells else [])
    metadata = {"kernelspec": plan.kernelspec, "language_info": {"name": plan.kernelspec.get("language", "python")}}
    if not plan.kernelspec:
        metadata = {}
    if unreadable:
        metadata[UNREADABLE] = unreadable
    notebook = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})
    _set_ids(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata and cell.source in plan.shows:
            cell.metadata["tags"] = ["show"]  # as it was handed out; a cell that a student changed is run
    return notebook, remarks


# --- reading ----------------------------------------------------------------------------------------------------------


def read_cells(data, remarks=None):
    """Cells of a notebook file as plain dicts with type, id, text, grade id and attachments.

    Raises
    ------
    Unreadable
    """
    remarks = [] if remarks is None else remarks
    if data is None:
        raise Unreadable("No notebook was handed in.")
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"The notebook's file is larger than {MAX_BYTES // 2**20} MB. Clear its outputs and hand it in again."
        )
    if not data.strip():
        raise Unreadable("The notebook's file is empty.")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Unreadable("The file is not a notebook: its content is damaged.") from None
    if not isinstance(content, dict):
        raise Unreadable("The file is not a notebook.")
    if content.get("nbformat") in (1, 2, 3):
        old = content["nbformat"]
        try:
            content = nbformat.convert(nbformat.from_dict(content), 4)
        except Exception:  # the converters trust their input
            raise Unreadable("The notebook is in an old format and damaged.") from None
        remarks.append(f"The notebook was saved in the old format {old}; it was converted.")
    listed = content.get("cells")
    if not isinstance(listed, list):
        raise Unreadable("The file holds no cells.")
    if len(listed) > MAX_CELLS:
        remarks.append(f"The notebook has {len(listed)} cells; those after number {MAX_CELLS} were left out.")
    read = [_read_cell(cell) for cell in listed[:MAX_CELLS]]
    dropped = read.count(None)
    if dropped:
        remarks.append(f"{dropped} cell{'s are' * (dropped > 1) or ' is'} damaged and left out.")
    return [cell for cell in read if cell is not None]


def _read_cell(cell):
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if (
        not isinstance(source, str)
        or len(source) > MAX_SOURCE
        or cell.get("cell_type") not in ("code", "markdown", "raw")
    ):
        return None
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    grader = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    name = grader.get("grade_id")
    identity = cell.get("id")
    return {
        "type": cell["cell_type"],
        "source": clean_text(source),
        "name": name if isinstance(name, str) else None,
        "id": identity if isinstance(identity, str) else None,
        "attachments": _attachments(cell.get("attachments")),
    }


def _attachments(value):
    """Pictures pasted into a markdown cell, in the form that nbformat wants."""
    kept = {}
    for name, bundle in value.items() if isinstance(value, dict) else ():
        if not isinstance(name, str) or not isinstance(bundle, dict):
            continue
        pictures = {
            mime: data
            for mime, data in bundle.items()
            if mime in ("image/png", "image/jpeg", "image/gif")
            and isinstance(data, str)
            and len(data) <= MAX_ATTACHMENT
        }
        if pictures:
            kept[name] = pictures
    return kept


# --- mending ----------------------------------------------------------------------------------------------------------


def _label(cells, plan, remarks):
    """Find the planned cells among the submitted ones and restore them; the rest become ordinary cells."""
    planned = {cell.name: cell for cell in plan.cells}
    claimed = {cell["name"] for cell in cells if cell["name"] in planned}
    seen, labelled = set(), []
    for cell in cells:
        name = cell["name"]
        if name is None and cell["id"] in planned and cell["id"] not in claimed:
            name = cell["id"]  # some editors drop nbgrader's metadata; in a release the cell's own id is the same
            remarks.append(f"Cell {name} had lost its label; it was found by its id.")
        if name not in planned:
            labelled.append((None, _ordinary(cell)))
        elif name in seen:
            remarks.append(
                f"Cell {name} is there more than once; the first one counts, the others ran as ordinary cells."
            )
            labelled.append((None, _ordinary(cell)))
        else:
            seen.add(name)
            labelled.append((name, _restored(cell, planned[name], remarks)))
    return labelled


def _ordinary(cell):
    return _cell(cell["type"], _shown(cell["type"], cell["source"]), {}, cell["id"], cell["attachments"])


def _restored(cell, planned, remarks):
    source = planned.source if planned.restored or _is_unwritten(cell, planned) else cell["source"]
    if source != planned.source:
        source = _shown(planned.cell_type, source)
    if cell["type"] != planned.cell_type:
        remarks.append(f"Cell {planned.name} was made a {cell['type']} cell; it was turned back.")
    attachments = {} if planned.restored else cell["attachments"]
    return _cell(planned.cell_type, source, {"nbgrader": planned.metadata}, planned.name, attachments)


def _is_unwritten(cell, planned):
    """Whether nothing was written into an answer cell that a person reads; as handed out, it gets its 0 at once."""
    by_hand = planned.grade and planned.solution and planned.cell_type == "markdown"
    return by_hand and cell["source"].strip() in ("", planned.source.strip())


def _shown(kind, source):
    """A student's text, with nothing in it that acts in the browser of whoever grades by hand."""
    return source if kind == "code" else harmless_markdown(source)


def _cell(kind, source, metadata, identity, attachments=None):
    cell = {"cell_type": kind, "id": identity, "metadata": metadata, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    elif attachments:
        cell["attachments"] = attachments
    return cell


def _restore_order(labelled, plan, remarks):
    """Bring planned cells into the order of the release; an ordinary cell stays behind the planned one it follows."""
    if not plan.ordered:
        return labelled
    place = {cell.name: i for i, cell in enumerate(plan.cells)}
    places = [place[name] for name, _ in labelled if name is not None]
    if places == sorted(places):
        return labelled
    remarks.append("The cells were not in their order; it was restored.")
    groups = [(-1, [])]
    for name, cell in labelled:
        if name is not None:
            groups.append((place[name], []))
        groups[-1][1].append((name, cell))
    return [item for _, group in sorted(groups, key=lambda group: group[0]) for item in group]


def _add_missing(labelled, plan, remarks):
    """Put planned cells that are not there where they belong: behind the planned cell that comes before them."""
    present = [name for name, _ in labelled]
    cells = [cell for _, cell in labelled]
    at = 0
    for planned in plan.cells:
        if planned.name in present:
            at = present.index(planned.name) + 1
            continue
        remarks.append(f"Cell {planned.name} was missing; it was put back.")
        cells.insert(at, _cell(planned.cell_type, planned.source, {"nbgrader": planned.metadata}, planned.name))
        present.insert(at, planned.name)
        at += 1
    return cells


def _set_ids(notebook):
    """Each cell needs an id of its own, of the form that nbformat allows."""
    used = set()
    for cell in notebook.cells:
        good = isinstance(cell.id, str) and re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell.id) and cell.id not in used
        cell.id = cell.id if good else uuid.uuid5(uuid.NAMESPACE_OID, f"{len(used)}/{cell.source[:1000]}").hex[:12]
        used.add(cell.id)


def remarks_cell(remarks):
    """A cell at the top of the notebook that tells the student what was wrong with it."""
    lines = "\n".join(f"- {remark}" for remark in remarks)
    return NotebookNode(
        cell_type="markdown", id="grading-remarks", metadata=NotebookNode(),
        source=f"**Remarks from grading**\n\n{lines}",
    )  # fmt: skip
