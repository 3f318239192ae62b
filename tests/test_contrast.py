"""Colours that pass WCAG 2.2 AA: 4.5 to 1 for text, 3 to 1 for bars, lines and marks, and that no common kind of colour
blindness confuses."""

import importlib
import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.container import BarContainer

from tests.chapters import CHAPTERS, solved_notebook
from tests.test_demos import demos
from utils import panel, plotting
from utils.demos import view
from utils.figure_text import describe

TEXT, GRAPHICS = 4.5, 3.0

# Background and text colour of the places where panels are shown. JupyterLab's are read from its themes below; VS Code's
# are those of its default themes, Light Modern and Dark Modern.
VS_CODE = {"VS Code light": ("#ffffff", "#3b3b3b"), "VS Code dark": ("#1f1f1f", "#cccccc")}
NAMED = {"white": "#ffffff", "black": "#000000"}

# The palette that ours was made from.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")

# What the eye lacks, as matrices on linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
SIGHT = {
    "full": np.eye(3),
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "no blue cones": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


# --- colour arithmetic ------------------------------------------------------------------------------------------------


def over(colour, background):
    """RGB of a colour, transparent or not, on a background; both as matplotlib knows them."""
    *rgb, alpha = colors.to_rgba(colour)
    return alpha * np.array(rgb) + (1 - alpha) * np.array(colors.to_rgb(background))


def linear(colour):
    rgb = np.array(colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """Contrast of two opaque colours, as WCAG 2.2 defines it."""
    light, dark = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    """CIE 1976 L*a*b* of linear RGB, white point D65."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    relative = to_xyz @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def closest(palette, sight):
    """Distance in L*a*b* of the two colours that are hardest to tell apart."""
    places = [lab(np.array(SIGHT[sight]) @ linear(colour)) for colour in palette]
    return min(np.linalg.norm(one - other) for one, other in itertools.combinations(places, 2))


def test_contrast_as_wcag_has_it():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the well-known gray that just fails


# --- panels -----------------------------------------------------------------------------------------------------------


def jupyterlab(theme):
    """Background and text colour of one of JupyterLab's themes, from its style sheet."""
    sheet = Path(sys.prefix) / "share/jupyter/lab/themes/@jupyterlab" / f"theme-{theme}-extension/index.css"
    css = sheet.read_text(encoding="utf-8")

    def value(name):
        found = re.search(rf"{name}:\s*([^;]+);", css).group(1).strip()
        variable = re.fullmatch(r"var\((--[\w-]+)\)", found)
        return value(variable.group(1)) if variable else found

    return css_colour(value("--jp-layout-color0")), css_colour(value("--jp-content-font-color1"))


def css_colour(text):
    """A colour as matplotlib has it, from CSS's ``rgba(0, 0, 0, 0.87)``, ``#fff`` or a name."""
    numbers = re.fullmatch(r"rgba\(([^)]+)\)", text)
    if numbers is None:
        return colors.to_rgba(text)
    *rgb, alpha = (float(number) for number in numbers.group(1).split(","))
    return (*(part / 255 for part in rgb), alpha)


@pytest.mark.parametrize("place", ["JupyterLab light", "JupyterLab dark", *VS_CODE])
@pytest.mark.parametrize("status", panel._ACCENTS)
def test_panels(status, place):
    background, text = VS_CODE[place] if place in VS_CODE else jupyterlab(place.split()[1])
    accent, tint, _ = panel._ACCENTS[status]
    tinted = over(css_colour(tint), background)
    assert contrast(over(text, tinted), tinted) >= TEXT
    assert contrast(accent, background) >= GRAPHICS
    assert contrast(accent, tinted) >= GRAPHICS


# --- pictures ---------------------------------------------------------------------------------------------------------

LINES = tuple(colour for colour in plotting.COLOURS if colour != plotting.YELLOW)


@pytest.mark.parametrize("colour", LINES)
def test_house_colours_on_paper(colour):
    assert contrast(colour, "white") >= GRAPHICS


@pytest.mark.parametrize("sight", SIGHT)
def test_house_colours_are_told_apart(sight):
    assert closest(LINES, sight) > closest(OKABE_ITO, sight)


@pytest.mark.parametrize(("number", "name"), demos())
def test_pictures_of_demos(number, name, monkeypatch):
    figures = []
    monkeypatch.setattr(view, "figure_html", lambda figure, alt: figures.append(figure) or "")
    getattr(importlib.import_module(f"utils.demos.{number}"), name)()
    assert figures
    assert [fault for figure in figures for fault in faults(figure)] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", CHAPTERS)
def test_pictures_of_notebooks(number, monkeypatch):
    """Every figure that a solved chapter draws can be seen, and says in words what it shows."""
    import matplotlib.pyplot as plt

    figures = []
    monkeypatch.setattr(plt, "show", lambda: figures.extend(map(plt.figure, plt.get_fignums())) or plt.close("all"))
    solved_notebook.__wrapped__(number)
    assert figures
    assert [fault for figure in figures for fault in faults(figure)] == []
    assert [text for figure in figures if len(text := describe(figure)) < 60] == []


def faults(figure):
    """Texts, lines, marks and bars of a figure that are hard to see."""
    figure.draw_without_rendering()
    found = []
    for axes in figure.axes:
        texts = [axes.title, axes._left_title, axes._right_title, axes.xaxis.label, axes.yaxis.label]
        if axes.axison:
            texts += [*axes.get_xticklabels(), *axes.get_yticklabels()]
        for text in texts:
            if text.get_text() and text.get_visible():
                found += weak([text.get_color()], figure.get_facecolor(), TEXT, text.get_text())
        paper = over(axes.get_facecolor(), figure.get_facecolor())
        legend = axes.get_legend()
        for text in legend.get_texts() if legend else []:
            found += weak([text.get_color()], paper, TEXT, text.get_text())
        for line in axes.get_lines():
            if line.get_visible() and len(line.get_xdata()):
                is_line = line.get_linestyle() != "None"
                parts = [line.get_color()] if is_line else [line.get_markerfacecolor(), line.get_markeredgecolor()]
                parts = [colors.to_rgba(part, line.get_alpha()) for part in parts]
                found += weak(parts, paper, GRAPHICS, f"line {line.get_label()} {parts}")
        for bar in (bar for group in axes.containers if isinstance(group, BarContainer) for bar in group):
            found += weak([bar.get_facecolor()], paper, GRAPHICS, f"bar {bar.get_facecolor()}")
    return list(dict.fromkeys(found))


def weak(parts, paper, least, name):
    """A fault when no part of a thing, such as a mark's inside or its edge, stands out from the paper."""
    reached = max(contrast(over(part, paper), paper) for part in parts)
    return [] if reached >= least else [f"{name}: {reached:.2f}"]
