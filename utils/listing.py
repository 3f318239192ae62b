"""The faulty listing of a Debug exercise, with lines to click."""

import html

from utils.controls import make_accessible


def show_listing(specification):
    """Show a listing whose lines can be chosen; the choice says what to write in the answer cell.

    Outside a notebook the listing is printed with its line numbers.

    Parameters
    ----------
    specification : dict
        What `utils.check` knows of the exercise: its ``listing`` and the name of the line it asks for.
    """
    from IPython import get_ipython
    from IPython.display import display

    name = next(question["name"] for question in specification["answers"] if question["kind"] == "line")
    if get_ipython() is None:
        print(numbered(specification["listing"]))
    else:
        make_accessible()
        display(clickable(specification["listing"], name))


def numbered(lines):
    """Text of a listing with line numbers, from 1."""
    width = len(str(len(lines)))
    return "\n".join(f"{i:>{width}}  {line}" for i, line in enumerate(lines, start=1))


def advice(lines, number, name):
    """What to do with a chosen line, as HTML."""
    return (
        f'<span role="status">You chose line {number}, <code>{html.escape(lines[number - 1].strip())}</code>. '
        f"To answer so, write <code>{html.escape(name)} = {number}</code> in the answer cell and run the check again.</span>"
    )


def clickable(lines, name):
    """Make the listing as a widget: one button for each line, and a sentence that follows the choice."""
    import ipywidgets as widgets

    chosen = widgets.HTML("Which line is at fault? Click it, or reach it with Tab and press Enter.")
    buttons = []
    for text in numbered(lines).split("\n"):
        hard_spaces = text.replace(" ", "\N{NO-BREAK SPACE}")  # a browser would fold the indentation
        button = widgets.Button(description=hard_spaces, tooltip=text.strip(), layout={"width": "auto", "margin": "0"})
        button.style = {"button_color": "transparent", "font_family": "monospace"}
        buttons.append(button)

    def choose(button):
        for other in buttons:
            other.style.font_weight = "bold" if other is button else "normal"
        chosen.value = advice(lines, buttons.index(button) + 1, name)

    for button in buttons:
        button.on_click(choose)
    return widgets.VBox([*buttons, chosen], layout={"align_items": "flex-start"})
