"""The report's pictures: inline SVG in the house style, whose ink follows the page's light or dark theme."""

import io
import re

import numpy as np

from utils.plotting import BLUE, GREEN, ORANGE, SKY, new_figure

# Colours that nothing else has stand for the page's own while a figure is drawn.
_INK, _PAPER, _GRID = "#010203", "#ffffff", "#dddddd"
_THEMED = {_INK: "var(--ink)", _PAPER: "var(--paper)", _GRID: "var(--grid)"}

OUTCOMES = (  # how a class did in an exercise: attribute, words, colour and hatch, so that colour alone says nothing
    ("full", "all points", BLUE, None),
    ("part", "some points", SKY, "//"),
    ("none", "no points", ORANGE, ".."),
    ("unanswered", "not answered", _PAPER, None),
)


def grades(statistics):
    """Histogram of a chapter's grades.

    Parameters
    ----------
    statistics : autograder.report.statistics.ChapterStatistics

    Returns
    -------
    str
        SVG.
    """
    figure, ax = _figure(height=2.7)
    left = [100 * low for low, _, _ in statistics.bins]
    ax.bar(left, [n for _, _, n in statistics.bins], width=10, align="edge", color=BLUE, edgecolor=_INK, linewidth=0.8)
    for value, style, words in ((statistics.mean, "-", "mean"), (statistics.quantile(0.5), "--", "median")):
        ax.axvline(100 * value, color=_INK, linestyle=style, linewidth=1.5, label=f"{words} {100 * value:.0f} %")
    ax.set(xlabel="grade (% of the points)", ylabel="submissions", xlim=(0, 100), xticks=range(0, 101, 10))
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="x", visible=False)
    _legend(ax)
    counts = ", ".join(f"{low:.0%} to {high:.0%}: {n}" for low, high, n in statistics.bins if n)
    return _svg(
        figure, f"Histogram of {statistics.graded} grades of {statistics.title}. Submissions by grade: {counts}."
    )


def exercises(statistics):
    """Bars that show, for each exercise, which share of the class got all, some or no points."""
    rows = statistics.exercises
    figure, ax = _figure(height=1.1 + 0.32 * len(rows))
    start = np.zeros(len(rows))
    for name, words, colour, hatch in OUTCOMES:
        shares = np.array([100 * getattr(row, name) for row in rows])
        ax.barh(range(len(rows)), shares, left=start, height=0.66, color=colour, hatch=hatch, edgecolor=_INK,
                linewidth=0.8, label=words)  # fmt: skip
        start += shares
    ax.set(xlabel="share of the graded submissions (%)", ylabel="exercise", xlim=(0, 100))
    ax.set_yticks(range(len(rows)), [row.exercise for row in rows])
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    _legend(ax, ncols=len(OUTCOMES))
    said = "; ".join(f"{row.exercise}: {row.full:.0%} all, {row.part:.0%} some" for row in rows)
    return _svg(
        figure, f"Share of submissions with all, some and no points, by exercise of {statistics.title}. {said}."
    )


def chapters(all_statistics):
    """Boxes of the grades of several chapters, side by side."""
    shown = [statistics for statistics in all_statistics if statistics.graded]
    figure, ax = _figure(height=3.0)
    line = {"color": _INK, "linewidth": 1.2}
    ax.boxplot(
        [100 * statistics.grades for statistics in shown], patch_artist=True, widths=0.55, showmeans=True,
        boxprops={"facecolor": SKY, "edgecolor": _INK}, medianprops=line | {"linewidth": 2}, whiskerprops=line,
        capprops=line, flierprops={"marker": ".", "markeredgecolor": _INK, "alpha": 0.5},
        meanprops={"marker": "D", "markerfacecolor": GREEN, "markeredgecolor": _INK, "markersize": 6},
    )  # fmt: skip
    ax.set(xlabel="chapter", ylabel="grade (% of the points)", ylim=(-3, 103))
    ax.set_xticks(range(1, len(shown) + 1), [statistics.name.split("_")[0] for statistics in shown])
    ax.grid(axis="x", visible=False)
    said = "; ".join(f"{s.name}: median {s.quantile(0.5):.0%}, mean {s.mean:.0%}" for s in shown)
    return _svg(figure, f"Box plots of the grades of each chapter (line: median, diamond: mean). {said}.")


def _figure(height):
    import matplotlib as mpl

    with mpl.rc_context({"text.color": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
                         "axes.edgecolor": _INK, "hatch.linewidth": 0.7}):  # fmt: skip
        return new_figure(width=7.2, height=height)


def _legend(ax, **options):
    """A legend above the axes, where it hides nothing."""
    options = {"ncols": 2} | options
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2, handlelength=1.6, columnspacing=1.2,
              labelcolor=_INK, frameon=False, **options)  # fmt: skip


def _svg(figure, description):
    """SVG to put into a page; text stays text, and the page's variables give the colours."""
    import html

    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "report", "hatch.color": _INK}):
        figure.savefig(
            buffer, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(
        r'^<svg [^>]*viewBox="([^"]*)"[^>]*>', lambda match: _opening(match[1], html.escape(description)), text
    )
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[\w.]+_\d+"', "", text)  # the same in every figure, and nothing refers to them
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px; font-family: inherit", text)
    for colour, variable in _THEMED.items():
        text = text.replace(colour, variable)
    return text


def _opening(view_box, description):
    width = float(view_box.split()[2])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view_box}" '
        f'style="max-width: {width * 4 / 3:.0f}px" role="img" aria-label="{description}">'
    )
