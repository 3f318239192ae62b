"""What the demos share: a picture that redraws without flicker, and labelled controls."""

import ipywidgets as widgets

from utils.controls import make_accessible
from utils.plotting import figure_html


class FigureView(widgets.HTML):
    """A place for a figure and, under it, a line of text.

    The figure is sent as one ``<img>`` with a text alternative, so it neither flickers nor piles up, and it shows
    wherever ipywidgets do.
    """

    def draw(self, figure, alt, caption=""):
        """Show a figure in place of the one before.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
        alt : str
            What the picture shows, with its main numbers.
        caption : str
            HTML shown below the picture.
        """
        self.value = figure_html(figure, alt) + (f'<p style="margin: 0.2em 0;">{caption}</p>' if caption else "")


def slider(label, value, low, high, step, readout_format=".2f"):
    """A labelled slider that reports while it moves and can be driven with the arrow keys."""
    integer = all(isinstance(number, int) for number in (value, low, high, step))
    kind = widgets.IntSlider if integer else widgets.FloatSlider
    options = {} if integer else {"readout_format": readout_format}
    return kind(
        value=value, min=low, max=high, step=step, description=label,
        style={"description_width": "initial"}, layout=_slider_layout(label), **options,
    )  # fmt: skip


def log_slider(label, value, low_power, high_power, step=0.05, readout_format=".3g"):
    """A labelled slider on a logarithmic scale, from 10**low_power to 10**high_power."""
    return widgets.FloatLogSlider(
        value=value, base=10, min=low_power, max=high_power, step=step, description=label, readout_format=readout_format,
        style={"description_width": "initial"}, layout=_slider_layout(label),
    )  # fmt: skip


def _slider_layout(label):
    """Room for the label, a slider of one length and its number, whatever the label's length."""
    return {"width": f"min({18 + 0.5 * len(label):.0f}em, 95%)", "flex": "0 0 auto"}


def button(label, on_click, tooltip=""):
    """A button that calls `on_click` without arguments."""
    made = widgets.Button(description=label, tooltip=tooltip or label, layout={"width": "auto"})
    made.on_click(lambda _: on_click())
    return made


def choice(label, options, value=None):
    """A labelled drop-down list; `options` is a list of texts or of (text, value) pairs."""
    if value is None:
        value = options[0][1] if isinstance(options[0], tuple) else options[0]
    return widgets.Dropdown(
        options=options, value=value, description=label, style={"description_width": "initial"}, layout={"width": "auto"},
    )  # fmt: skip


def when_changed(controls, redraw):
    """Call `redraw` without arguments now and whenever one of the controls changes."""
    for control in controls:
        control.observe(lambda _: redraw(), names="value")
    redraw()


def demo(controls, *views):
    """Put controls above their views."""
    make_accessible()
    row = widgets.HBox(list(controls), layout={"flex_flow": "row wrap", "grid_gap": "0 1.2em"})
    return widgets.VBox([row, *views])
