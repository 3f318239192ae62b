"""The house plotting style: colours for colour-blind readers, labelled axes, figures with a text alternative."""

import base64
import io

from utils.figure_text import image_element, show_with_text

# The hues of Okabe and Ito's palette (2008) in the order of use, made dark enough for white paper: each reaches a
# contrast of 3 to 1 with it (WCAG 2.2, 1.4.11), and with every common kind of colour blindness each is further from the
# others than in the original. tests/test_contrast.py measures both. Yellow is for areas only, never for lines or marks.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = COLOURS = (
    "#00509E", "#CC8400", "#0A7D58", "#B83A00", "#BC73A4", "#3399E6", "#F0E442", "#000000",
)  # fmt: skip
GRAY = "#808080"  # what is there for comparison only

_STYLE = {
    "figure.figsize": (6.4, 3.6),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.8,
    "lines.linewidth": 2,
    "legend.frameon": True,  # without an edge: only to keep lines from running through its words
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
    "legend.fancybox": False,
    "legend.fontsize": 9,
    "font.size": 10,
}


def use_house_style():
    """Make the house style the default of every figure drawn from now on, and let each be shown with its description."""
    import matplotlib as mpl

    mpl.rcParams.update(_STYLE)
    mpl.rcParams["axes.prop_cycle"] = mpl.cycler(color=[c for c in COLOURS if c != YELLOW])
    show_with_text()


def new_figure(n_axes=1, width=6.4, height=3.4, **subplot_options):
    """Make a figure that belongs to nobody: pyplot never shows it a second time.

    Parameters
    ----------
    n_axes : int
        Number of axes, side by side.
    width, height : float
        Size in inches.
    **subplot_options
        Passed on to `matplotlib.figure.Figure.subplots`.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : matplotlib.axes.Axes or ndarray of them
        One axes when `n_axes` is 1, else an array of shape (n_axes,).
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE | {"axes.prop_cycle": mpl.cycler(color=[c for c in COLOURS if c != YELLOW])}):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(1, n_axes, **subplot_options)
    return figure, axes


def figure_html(figure, alt):
    """Turn a figure into an ``<img>`` element that carries its own text alternative.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What the picture shows, for a reader who cannot see it.

    Returns
    -------
    str
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode()
    return image_element(data, alt)
