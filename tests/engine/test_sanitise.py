"""Whatever is handed in, a gradable notebook comes out, with a remark on what was mended."""

# ruff: noqa: E501  (tables and quoted code)

import copy
import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.nbgraderformat import MetadataValidator

from autograder.engine.notebook import grade_notebook
from autograder.engine.plan import NotebookPlan, PlannedCell
from autograder.engine.sanitise import sanitise

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def planned(name, source, **flags):
    """A planned cell."""
    details = {"cell_type": "code", "checksum": None, "grade": False, "solution": False, "locked": False, "task": False,
               "points": None}  # fmt: skip
    return PlannedCell(name=name, source=source, **details | flags)


PLAN = NotebookPlan(
    "small",
    KERNEL,
    (
        planned("setup", "import math", locked=True),
        planned("a", "raise NotImplementedError", solution=True),
        planned("a_test", "assert a == 1", grade=True, locked=True, points=2.0),
        planned("essay", "Write here", cell_type="markdown", grade=True, solution=True, points=3.0),
        planned("b", "raise NotImplementedError", solution=True),
        planned("b_test", "assert b == 2", grade=True, locked=True, points=1.0),
    ),
    ordered=True,
)
NAMES = [cell.name for cell in PLAN.cells]


def cell(name, source, kind="code", **metadata):
    """A submitted cell."""
    made = {"cell_type": kind, "id": f"id-{name}", "metadata": metadata, "source": source}
    if name in NAMES:
        made["metadata"]["nbgrader"] = {"grade_id": name, "grade": name.endswith("_test"), "schema_version": 3, "locked": True,
                                        "solution": not name.endswith("_test")}  # fmt: skip
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def submitted():
    """A good submission, with two cells of the student's own."""
    return {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "myconda", "display_name": "x"}},
        "cells": [
            cell("title", "# Small", "markdown"), cell("setup", "import math"), cell("a", "a = 1"), cell("own", "c = 3"),
            cell("a_test", "assert a == 1"), cell("essay", "Mine.", "markdown"), cell("b", "b = 2"), cell("b_test", "pass"),
        ],
    }  # fmt: skip


def names_of(notebook):
    """Labels of a notebook's cells, text of the others."""
    return [one.metadata.get("nbgrader", {}).get("grade_id", one.source) for one in notebook.cells]


def check(data):
    """Sanitise, and check what must hold for every result."""
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    notebook, remarks = sanitise(data, PLAN)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    by_name = {one.metadata.nbgrader["grade_id"]: one for one in notebook.cells if "nbgrader" in one.metadata}
    assert [name for name in names_of(notebook) if name in NAMES] == NAMES
    for plan in PLAN.cells:
        assert by_name[plan.name].cell_type == plan.cell_type
        assert dict(by_name[plan.name].metadata.nbgrader) == plan.metadata
        if plan.restored:
            assert by_name[plan.name].source == plan.source
    for one in notebook.cells:
        assert "tags" not in one.metadata
        assert not one.get("outputs")
    assert notebook.metadata.kernelspec.name == "python3"
    return notebook, remarks


def test_a_good_submission_stays_as_it_is():
    notebook, remarks = check(submitted())
    assert remarks == []
    assert names_of(notebook) == ["# Small", "setup", "a", "c = 3", "a_test", "essay", "b", "b_test"]
    assert notebook.cells[2].source == "a = 1"


def test_a_second_copy_of_a_cell_is_an_ordinary_cell():
    data = submitted()
    data["cells"].insert(3, cell("a", "a = 5"))
    data["cells"].append(cell("b_test", "2.0"))
    notebook, remarks = check(data)
    assert names_of(notebook)[2:4] == ["a", "a = 5"]
    assert notebook.cells[-1].source == "2.0" and "nbgrader" not in notebook.cells[-1].metadata
    assert len([r for r in remarks if "more than once" in r]) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_deleted_cell_comes_back(name):
    data = submitted()
    data["cells"] = [one for one in data["cells"] if one["id"] != f"id-{name}"]
    _, remarks = check(data)
    assert remarks == [f"Cell {name} was missing; it was put back."]


def test_retyped_cells_are_turned_back():
    data = submitted()
    for one in data["cells"][1:]:
        one["cell_type"] = "raw" if one["cell_type"] == "code" else "code"
    notebook, remarks = check(data)
    assert notebook.cells[2].source == "a = 1"
    assert len(remarks) == len(NAMES)


def test_reordered_cells_go_back_with_what_follows_them():
    data = submitted()
    title, *rest = data["cells"]
    data["cells"] = [title, *reversed(rest)]
    notebook, remarks = check(data)
    assert remarks == ["The cells were not in their order; it was restored."]
    assert names_of(notebook)[0] == "# Small"


def test_the_order_is_left_alone_where_it_is_not_known():
    import dataclasses

    data = submitted()
    data["cells"].reverse()
    notebook, _ = sanitise(json.dumps(data).encode(), dataclasses.replace(PLAN, ordered=False))
    assert names_of(notebook) == ["b_test", "b", "essay", "a_test", "c = 3", "a", "setup", "# Small"]


def test_changed_flags_and_tags_and_points_are_restored():
    data = submitted()
    for one in data["cells"]:
        one["metadata"]["tags"] = ["skip-execution", "raises-exception"]
        if "nbgrader" in one["metadata"]:
            one["metadata"]["nbgrader"] |= {
                "grade": False,
                "points": 1000,
                "solution": True,
                "locked": False,
                "schema_version": 1,
            }
    check(data)


def test_cells_that_lost_their_label_are_found_by_their_id():
    data = submitted()
    for one in data["cells"]:
        one["id"] = one["id"].removeprefix("id-")
        one["metadata"] = {}
    notebook, remarks = check(data)
    assert notebook.cells[2].source == "a = 1"
    assert all("lost its label" in remark for remark in remarks)


def test_the_old_format_is_converted():
    cells = [
        {
            "cell_type": "code",
            "input": one["source"],
            "metadata": one["metadata"],
            "outputs": [],
            "language": "python",
            "collapsed": False,
        }
        if one["cell_type"] == "code"
        else {"cell_type": "markdown", "source": one["source"], "metadata": one["metadata"]}
        for one in submitted()["cells"]
    ]
    data = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    notebook, remarks = check(data)
    assert "old format 3" in remarks[0]
    assert notebook.cells[2].source == "a = 1"


@pytest.mark.parametrize(
    ("data", "remark"),
    [
        (None, "No notebook was handed in"), (b"", "is empty"), (b"   \n", "is empty"), (b"{", "damaged"), (b"\xff\xfe\x00", "damaged"),
        (b"[1, 2]", "not a notebook"), (b"[" * 1_000_000, "damaged"), (b"{}", "no cells"), (b'{"cells": 5}', "no cells"),
        (b'{"nbformat": 3, "worksheets": 7}', "old format"), (b"x" * (64 * 2**20 + 1), "larger than 64 MB"),
        (b"<html>Please log in</html>", "damaged"), (b"PK\x03\x04", "damaged"),
    ],
    ids=["none", "empty", "blank", "cut", "bytes", "list", "deep", "nothing", "number", "old", "large", "html", "zip"],
)  # fmt: skip
def test_what_cannot_be_read_becomes_an_empty_submission_with_a_reason(data, remark):
    notebook, remarks = check(data)
    assert len(remarks) == 1 and remark in remarks[0]
    assert [one.source for one in notebook.cells] == [plan.source for plan in PLAN.cells]


def test_a_byte_order_mark_does_no_harm():
    _, remarks = check(b"\xef\xbb\xbf" + json.dumps(submitted()).encode())
    assert remarks == []


def test_damaged_cells_are_left_out():
    data = submitted()
    data["cells"] += [
        None,
        5,
        {"cell_type": "code"},
        {"cell_type": "evil", "source": ""},
        {"cell_type": "code", "source": [1]},
    ]
    _, remarks = check(data)
    assert remarks == ["4 cells are damaged and left out."]


def test_names_that_are_not_in_the_assignment_mean_nothing():
    data = submitted()
    extra = copy.deepcopy(data["cells"][4])
    extra["metadata"]["nbgrader"] |= {"grade_id": "bonus", "points": 100, "grade": True}
    data["cells"].append(extra)
    notebook, _ = check(data)
    assert "nbgrader" not in notebook.cells[-1].metadata


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=5)
    | st.sampled_from(["code", "markdown", *NAMES]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cells",
                    "cell_type",
                    "metadata",
                    "nbgrader",
                    "grade_id",
                    "source",
                    "id",
                    "outputs",
                    "attachments",
                    "tags",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(JSON, max_size=6), st.sampled_from([1, 2, 3, 4, 5, "4", None]))
def test_any_json_at_all(cells, version):
    check({"nbformat": version, "nbformat_minor": 5, "metadata": {}, "cells": cells})


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(8)), st.sets(st.integers(0, 7)), st.lists(st.integers(0, 7), max_size=4))
def test_any_mixture_of_moved_deleted_and_copied_cells(order, deleted, copied):
    cells = submitted()["cells"]
    chosen = [cells[i] for i in order if i not in deleted] + [cells[i] for i in copied]
    check(submitted() | {"cells": chosen})


@pytest.mark.parametrize("data", [None, b"", b"{", b"[]", b'{"cells": 5}'])
def test_where_nothing_can_be_read_there_are_no_points_not_even_for_what_was_handed_out(data):
    generous = NotebookPlan("small", KERNEL, (*PLAN.cells, planned("t", "assert True", grade=True, points=1.0)), True)
    notebook, remarks = sanitise(data, generous)
    graded = grade_notebook(notebook, None, None, 0)  # nothing is run
    assert {name: (verdict.points, verdict.reason) for name, verdict in graded.verdicts.items()} == {
        name: (0.0, remarks[-1]) for name in ("a_test", "b_test", "t")
    }
    for cell in notebook.cells:
        if cell.metadata.nbgrader["grade_id"] in graded.verdicts:
            assert [output.evalue for output in cell.outputs] == [remarks[-1]]


def test_a_student_cannot_say_that_a_notebook_is_unreadable():
    content = submitted()
    content["metadata"]["unreadable"] = "so what"
    notebook, _ = sanitise(json.dumps(content).encode(), PLAN)
    assert "unreadable" not in notebook.metadata
