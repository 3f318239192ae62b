"""Figures that are drawn once look as those that IPython draws twice."""

import base64
import io

import matplotlib
import numpy as np
import pytest
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure
from PIL import Image

from autograder.engine.boxed import figures

matplotlib.use("agg")


def one_plot():
    figure = Figure()
    axes = figure.subplots()
    axes.plot(np.sin(np.linspace(0, 9, 50)), label="sine")
    axes.set(title="A title", xlabel="time (s)", ylabel="height (m)")
    axes.legend()
    return figure


def four_plots():
    figure = Figure(figsize=(8, 6), facecolor="lightyellow")
    for axes in figure.subplots(2, 2).flat:
        axes.bar(range(3), [1, 3, 2])
    figure.tight_layout()
    return figure


def constrained_image():
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    figure.colorbar(axes.imshow(np.arange(12.0).reshape(3, 4)), label="value")
    return figure


def animated_line():
    figure = Figure()
    figure.subplots().plot([0, 1], animated=True)
    return figure


def label_over_the_edge():
    figure = Figure()
    figure.subplots().set_ylabel("a label\nof so\nmany lines\nthat it\nsticks\nout")
    return figure


FIGURES = [one_plot, four_plots, constrained_image, animated_line, label_over_the_edge]


def _pixels(picture):
    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    return np.asarray(image.convert("RGB")).astype(int), image.info["dpi"]


@pytest.mark.parametrize("make", FIGURES, ids=[make.__name__ for make in FIGURES])
def test_same_picture(make):
    ours, dpi = _pixels(figures.png(make()))
    theirs, their_dpi = _pixels(print_figure(make(), "png", bbox_inches="tight", base64=True))
    assert dpi == their_dpi
    assert np.abs(np.subtract(ours.shape, theirs.shape)).max() <= 2
    rows, columns, _ = np.minimum(ours.shape, theirs.shape)

    # Lines fall on other fractions of a pixel when a figure is drawn at its cropped place: blur before comparing.
    def blurred(pixels):
        return np.asarray(Image.fromarray(pixels[:rows, :columns].astype("uint8")).resize((columns // 8, rows // 8), 4))

    assert np.abs(blurred(ours).astype(int) - blurred(theirs)).mean() < 3
    assert ours.std() > 5


def test_the_figure_stays_as_it_was():
    figure = one_plot()
    canvas, size = figure.canvas, figure.get_size_inches().copy()
    assert figures.png(figure) == figures.png(figure)
    assert figure.canvas is canvas and (figure.get_size_inches() == size).all()


def test_an_empty_figure_shows_nothing():
    assert figures.png(Figure()) is None


def test_in_a_students_process(student):
    names = student("import matplotlib.pyplot as plt")
    (output,) = names.run("plt.plot([1, 2]); plt.show()")
    assert _pixels(output.data["image/png"])[0].std() > 5
    assert names.run("fig = plt.figure(); plt.show()")[0].data.get("image/png") is None
    (output,) = names.run("%config InlineBackend.figure_format = 'retina'\nplt.plot([1]); plt.show()")
    assert min(_pixels(output.data["image/png"])[0].shape[:2]) > 700
