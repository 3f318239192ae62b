"""Figures in words: every figure that a notebook shows carries a text alternative, made from what is drawn in it."""

import base64
import html
import io
import math
import os
import re

MOST_BARS = 12


def show_with_text():
    """Let figures shown in this notebook carry their description, as alternative text and as plain text.

    Outside a notebook nothing is done. While a submission is graded the picture is sent as it is: the grader lets no
    ``<img>`` of a student's through.
    """
    from IPython import get_ipython
    from matplotlib.figure import Figure

    shell = get_ipython()
    if shell is not None:
        # This formatter and no other survives the set-up of inline figures, which forgets what was known of figures.
        shell.display_formatter.mimebundle_formatter.for_type(Figure, _bundle)


def _bundle(figure, include=None, exclude=None):
    """All forms of a figure; a browser takes the first, a reader without pictures the last."""
    from IPython import get_ipython

    if not figure.axes:
        return None
    text = describe(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=figure.dpi, bbox_inches="tight", facecolor=figure.get_facecolor())
    data = base64.b64encode(buffer.getvalue()).decode()
    get_ipython().display_formatter.formatters["image/png"].pop(type(figure), None)  # or it would be drawn once more
    bundle = {"image/png": data, "text/plain": text}
    if "NBGRADER_EXECUTION" not in os.environ:
        bundle["text/html"] = image_element(data, text)
    return bundle, {"image/png": {"alt": text}}


def image_element(data, alt):
    """An ``<img>`` of a PNG picture in base64 with its text alternative."""
    return (
        f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{data}" '
        'style="max-width: 100%; height: auto; background: white;">'
    )


def describe(figure):
    """What a figure shows, in words.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        For each panel its title, what its axes are and how far they reach, and each labelled line or group of bars with
        its numbers.

    Examples
    --------
    >>> from utils.plotting import new_figure
    >>> figure, axes = new_figure()
    >>> _ = axes.plot([0, 10], [0.7, 0.2], label="yours")
    >>> _ = axes.set(xlabel="step", ylabel="loss (nats)", xlim=(0, 10), ylim=(0, 1))
    >>> describe(figure)
    'Figure: loss (nats) against step; step from 0 to 10, loss (nats) from 0 to 1; yours: 0.7 at 0, 0.2 at 10.'
    """
    scales = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    words = [text for axes in figure.axes if axes not in scales and (text := _panel(axes))]
    if len(words) > 1:
        words = [f"Panel {i}: {text}" for i, text in enumerate(words, start=1)]
    for axes in scales:
        label = plain_text(axes.get_ylabel() or axes.get_xlabel())
        low, high = sorted(axes.get_ylim() if axes.get_ylabel() or not axes.get_xlabel() else axes.get_xlim())
        words.append(f"Colours{f' show {label}' if label else ''} from {_number(low)} to {_number(high)}")
    title = plain_text(figure.get_suptitle())
    return f"Figure: {'. '.join(text for text in [title, *words] if text)}."


def _panel(axes):
    """One panel in words."""
    title = next((text for place in ("left", "center", "right") if (text := axes.get_title(loc=place))), "")
    x, y = plain_text(axes.get_xlabel()), plain_text(axes.get_ylabel())
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    named = any(re.search(r"[^\W\d_]", plain_text(text)) for text in ticks)
    parts = [plain_text(title)]
    if axes.axison:
        parts.append(f"{y} against {x}" if x and y else x or y)
        ranges = []
        if x and not named:
            ranges.append(f"{x} from {_range(axes.get_xlim())}{_scale(axes.get_xscale())}")
        if y:
            ranges.append(f"{y} from {_range(axes.get_ylim())}{_scale(axes.get_yscale())}")
        parts.append(", ".join(ranges))
    parts += [_bars(group, ticks if named else []) for group in axes.containers if hasattr(group, "patches")]
    parts += [text for line in axes.get_lines() if (text := _line(line, axes))]
    parts += [plain_text(dots.get_label()) for dots in axes.collections if not str(dots.get_label()).startswith("_")]
    parts += [plain_text(text.get_text()) for text in axes.texts if re.search(r"[^\W\d_]{3}", text.get_text())][:8]
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _line(line, axes):
    """A labelled line in words: where it starts and where it ends."""
    label = line.get_label()
    if not isinstance(label, str) or label.startswith("_"):
        return ""
    x, y = line.get_data(orig=False)
    points = [(float(a), float(b)) for a, b in zip(x, y, strict=True) if math.isfinite(a) and math.isfinite(b)]
    text = plain_text(label)
    if not points:
        return text
    first, last = points[0], points[-1]
    if line.get_transform() == axes.get_yaxis_transform(which="grid"):  # a level, drawn from edge to edge
        return f"{text}: at {_number(first[1])} throughout"
    if line.get_transform() == axes.get_xaxis_transform(which="grid"):
        return f"{text}: at {_number(first[0])}"
    ends = [first] if first == last else [first, last]
    return f"{text}: " + ", ".join(f"{_number(b)} at {_number(a)}" for a, b in ends)


def _bars(group, names):
    """A group of bars in words."""
    label = "" if group.get_label().startswith("_") else plain_text(group.get_label())
    heights = [bar.get_height() for bar in group.patches]
    if len(heights) > MOST_BARS:
        text = f"{len(heights)} bars from {_range((min(heights), max(heights)))}"
    elif len(names) == len(heights):
        text = ", ".join(f"{plain_text(name)} {_number(height)}" for name, height in zip(names, heights, strict=True))
    else:
        text = ", ".join(_number(height) for height in heights)
    return f"{label}: {text}" if label else f"bars: {text}"


def plain_text(label):
    """A label without the marks of mathematical notation."""
    text = re.sub(r"\\(?:mathrm|text|mathit|mathbf)\b", "", str(label)).replace("\\,", " ").replace("\\|", "‖")
    return " ".join(re.sub(r"[$\\{}]", "", text).split())


def _range(limits):
    low, high = limits
    return f"{_number(low)} to {_number(high)}"


def _scale(name):
    return "" if name == "linear" else f" ({'logarithmic' if 'log' in name else name} scale)"


def _number(value):
    text = f"{float(value):.3g}"
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", text).replace("e+", "e").replace("-", "−") if text != "-0" else "0"
