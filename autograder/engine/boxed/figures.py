"""Figures as pictures, as matplotlib's inline backend shows them in JupyterLab, but drawn once where that draws twice.

To crop a figure to what is on it, matplotlib draws it, measures it and draws it again in the right place. Where nothing
sticks out over the figure's edge, which is the rule, the first drawing only has to be cut. Drawing is most of what an
ordinary cell with a figure costs.
"""

import binascii
import io

import numpy as np
from IPython.core.pylabtools import print_figure
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image


class _Canvas(FigureCanvasAgg):
    def is_saving(self):  # animated artists are drawn, too
        return True


def png(figure):
    """A figure as a PNG picture in base64, cropped to what is on it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str or None
        None for an empty figure, for which nothing is shown.
    """
    if not figure.axes and not figure.lines:
        return None
    before = figure.canvas
    canvas = _Canvas(figure)
    try:
        canvas.draw()
        box = figure.get_tightbbox(canvas.get_renderer())
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    finally:
        figure.set_canvas(before)
    if box.x0 < 0 or box.y0 < 0 or box.x1 * figure.dpi > drawn.width or box.y1 * figure.dpi > drawn.height:
        return print_figure(figure, "png", bbox_inches="tight", base64=True)
    left, bottom, right, top = (round(x * figure.dpi) for x in box.padded(rcParams["savefig.pad_inches"]).extents)
    color = tuple(round(255 * part) for part in figure.get_facecolor())
    picture = Image.new("RGBA", (right - left, top - bottom), color)  # the margin may reach over the figure's edge
    picture.paste(drawn, (-left, top - drawn.height))
    file = io.BytesIO()
    picture.save(file, "png", dpi=(figure.dpi, figure.dpi))
    return binascii.b2a_base64(file.getvalue(), newline=False).decode()
