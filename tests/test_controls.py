"""What stands in the place of widgets where they are not shown."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from utils import controls, listing
from utils.demos import ch00


def test_a_demo_can_be_seen_and_read_without_widgets():
    bundle = ch00.reward_gap()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("A demo. Sigmoid curve of the probability that A is preferred")
    assert "gap +1.0 → P(A preferred) = 0.731" in bundle["text/plain"]
    assert "open the notebook where Jupyter widgets are shown" in bundle["text/plain"]
    assert '<img alt="Sigmoid curve' in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_a_listing_can_be_read_without_widgets():
    bundle = listing.clickable(["def f(x):", "    return x < 1"], "buggy_line_0_6")._repr_mimebundle_()
    assert bundle["text/plain"].startswith("1  def f(x):\n2      return x < 1\n")
    assert "2      return x &lt; 1" in bundle["text/html"]


@pytest.mark.parametrize("grading", [False, True])
def test_a_page_gets_the_script_unless_a_submission_is_graded(grading, monkeypatch):
    sent = []
    monkeypatch.setattr("IPython.get_ipython", lambda: InteractiveShell())
    monkeypatch.setattr("IPython.display.display", lambda data, raw: sent.append(data))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    if grading:
        monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    controls.make_accessible()
    assert len(sent) == (not grading)
    assert all(data["text/plain"] == "" and "aria-label" in data["application/javascript"] for data in sent)
