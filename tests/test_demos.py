"""Each demo draws, and every control of it changes the picture without an error."""

import importlib
import inspect

import ipywidgets as widgets
import pytest

from tests.chapters import CHAPTERS
from utils.demos.view import FigureView


def demos():
    found = []
    for number in CHAPTERS:
        module = importlib.import_module(f"utils.demos.{number}")
        found += [
            (number, name)
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__ and not name.startswith("_")
        ]
    return found


def all_widgets(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_widgets(child)


def picture(root):
    return [w.value for w in all_widgets(root) if isinstance(w, widgets.HTML)]


@pytest.mark.parametrize(("number", "name"), demos())
def test_demo(number, name):
    build = getattr(importlib.import_module(f"utils.demos.{number}"), name)
    root = build()
    views = [w for w in all_widgets(root) if isinstance(w, FigureView)]
    assert views, "a demo shows its figures in a FigureView"
    assert all('alt="' in view.value and "</div>" in view.value for view in views), (
        "a figure lacks its alternative or caption"
    )

    assert controls_of(root)
    dead = [control.description for i, control in enumerate(controls_of(root)) if not matters(build, i)]
    assert not dead, f"these controls change nothing: {dead}"


def controls_of(root):
    found = [w for w in all_widgets(root) if hasattr(w, "description") and not isinstance(w, widgets.HTML)]
    assert all(w.description for w in found), "a control lacks its label"
    return found


def buttons_of(root):
    return [w for w in controls_of(root) if isinstance(w, widgets.Button)]


def matters(build, i):
    """Whether control `i` changes what is seen: at once, or once the buttons are pressed."""
    root = build()
    control = controls_of(root)[i]
    if isinstance(control, widgets.Button):
        for button in buttons_of(root):
            if button is not control:
                button.click()
        before = picture(root)
        control.click()
        return picture(root) != before
    return any(seen(build, i, value) != seen(build) for value in other_values(control))


def seen(build, i=None, value=None):
    """Pictures of a new demo: as it starts or with control `i` moved, then after each button."""
    root = build()
    if i is not None:
        controls_of(root)[i].value = value
    pictures = [picture(root)]
    for button in buttons_of(root):
        button.click()
        pictures.append(picture(root))
    return pictures


def other_values(control):
    if isinstance(control, (widgets.Dropdown, widgets.ToggleButtons, widgets.RadioButtons, widgets.SelectionSlider)):
        return [value for _, value in control._options_full if value != control.value]
    if isinstance(control, widgets.FloatLogSlider):
        return [control.base**control.min, control.base**control.max]
    if isinstance(control, (widgets.Checkbox, widgets.ToggleButton)):
        return [not control.value]
    if hasattr(control, "min"):
        return [v for v in (control.min, control.max) if v != control.value]
    return []


@pytest.mark.parametrize("number", CHAPTERS)
def test_every_chapter_has_two_demos_and_shows_them(number):
    from autograder import course

    text = course.source_notebook(CHAPTERS[number].notebook).read_text(encoding="utf-8")
    own = [name for chapter, name in demos() if chapter == number]
    assert len(own) >= 2
    assert all(f"demos.{name}(" in text for name in own)
