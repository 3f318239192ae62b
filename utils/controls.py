"""What ipywidgets leave out: names of sliders, a focus that can be seen, and something to read where no widget is shown."""

import html
import os
import re

import ipywidgets as widgets

# ipywidgets (8.1) write a slider's label beside it but do not tie the two together, and mark a button that has the focus
# by a line of one pixel whose contrast with a white page is 2.1. Notebook 7 takes the arrow keys away from a slider, to walk
# through the cells. Where scripts are not run nothing else is lost.
SCRIPT = """\
if (!document.getElementById('course-controls')) {
    const style = document.createElement('style');
    style.id = 'course-controls';
    style.textContent = `
        .jupyter-widgets:focus-visible, .jupyter-widgets :is(button, select, input, .noUi-handle):focus-visible {
            outline: 3px solid #2A7FC1; outline-offset: 1px;
        }`;
    document.head.append(style);
    const name = () => document.querySelectorAll('.widget-slider').forEach(slider => {
        const label = slider.querySelector('.widget-label')?.textContent.trim();
        slider.querySelectorAll('.noUi-handle:not([aria-label])').forEach(e => label && e.setAttribute('aria-label', label));
        slider.querySelectorAll('.noUi-handle').forEach(e => e.setAttribute('data-lm-suppress-shortcuts', 'true'));
    });
    new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
    name();
}
"""
NO_WIDGETS = (
    "To use its controls, open the notebook where Jupyter widgets are shown, as in JupyterLab, and run this cell."
)


def make_accessible():
    """Send the page what its controls lack, once for each page; outside a notebook do nothing."""
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is not None and "NBGRADER_EXECUTION" not in os.environ:
        display({"application/javascript": SCRIPT, "text/plain": ""}, raw=True)


class Box(widgets.VBox):
    """Widgets one above the other that can be read where widgets are not shown, as in a saved notebook on the web.

    Parameters
    ----------
    children : sequence of ipywidgets.Widget
    text : callable
        Called without arguments for the text that is shown in their place.
    picture : callable, optional
        Called without arguments for HTML that is shown before the text.
    **options
        Passed on to `ipywidgets.VBox`.
    """

    def __init__(self, children, text, picture=None, **options):
        super().__init__(children, **options)
        self._text = text
        self._picture = picture

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        text = self._text()
        picture = self._picture() if self._picture else ""
        bundle["text/plain"] = "\n".join([text, NO_WIDGETS])
        shown = picture or f'<pre style="background: none;">{html.escape(text)}</pre>'
        bundle["text/html"] = f"{shown}<p>{NO_WIDGETS}</p>"
        return bundle


def words_of(picture):
    """What a picture's HTML says in words: its text alternatives and what is written below it."""
    alternatives = [html.unescape(alt) for alt in re.findall(r'<img alt="([^"]*)"', picture)]
    written = html.unescape(re.sub(r"<[^>]+>", " ", picture))
    return "\n".join(text for text in [*alternatives, " ".join(written.split())] if text)
