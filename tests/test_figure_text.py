"""Figures in words: what a picture shows is also said, wherever the picture goes."""

import base64

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from utils import figure_text
from utils.figure_text import describe, plain_text


@pytest.fixture
def figure():
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([0, 1, 2], [np.nan, 0.25, 1000.0], label=r"$\beta = 0.1$")
    left.plot([0, 1], [1, 1])
    left.axhline(0.6931, label="log 2")
    left.axvline(1.5, label="the end")
    left.set(title="Loss", xlabel="step", ylabel="loss (nats)", yscale="log", xlim=(0, 2), ylim=(0.1, 1e4))
    right.bar(["A wins", "B wins"], [0.25, 0.75])
    right.set(ylabel="probability", ylim=(0, 1))
    figure.colorbar(right.scatter([0], [0], c=[1.0], vmin=0, vmax=2), label="reward")
    yield figure
    plt.close(figure)


def test_a_description_says_what_is_drawn(figure):
    assert describe(figure) == (
        "Figure: Panel 1: Loss; loss (nats) against step; step from 0 to 2, loss (nats) from 0.1 to 1e4 (logarithmic scale); "
        "beta = 0.1: 0.25 at 1, 1e3 at 2; log 2: at 0.693 throughout; the end: at 1.5. "
        "Panel 2: probability; probability from 0 to 1; bars: A wins 0.25, B wins 0.75. "
        "Colours show reward from 0 to 2."
    )


def test_a_drawing_without_axes_keeps_its_title_and_words():
    figure, axes = plt.subplots()
    axes.axis("off")
    axes.set_title("The maze")
    axes.text(0, 0, "goal")
    assert describe(figure) == "Figure: The maze; goal."
    plt.close(figure)


def test_mathematics_becomes_plain_text():
    assert plain_text(r"$\mathrm{KL}(\pi\,\|\,\pi_\mathrm{ref})$") == "KL(pi ‖ pi_ref)"


@pytest.fixture
def bundles(figure, monkeypatch):
    """What a notebook shows of the figure, in and out of grading."""
    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    figure_text.show_with_text()
    working = shell.display_formatter.format(figure)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    return working, shell.display_formatter.format(figure)


def test_every_form_of_a_figure_says_what_it_shows(figure, bundles):
    (data, metadata), _ = bundles
    assert data["text/plain"] == metadata["image/png"]["alt"] == describe(figure)
    assert 'alt="Figure: Panel 1: Loss; loss (nats) against step' in data["text/html"]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["image/png"] in data["text/html"]


def test_a_grader_gets_the_picture_itself(bundles):
    _, (data, metadata) = bundles
    assert set(data) == {"image/png", "text/plain"}
    assert metadata["image/png"]["alt"] == data["text/plain"]
