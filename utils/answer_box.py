"""A task with other numbers as a widget: the task, places to answer in, the verdict, a button for new numbers."""

import math

import ipywidgets as widgets

from utils.panel import Panel
from utils.practice import heading, in_words

EXPRESSION_NAMES = {name: getattr(math, name) for name in ("exp", "log", "log2", "log10", "sqrt", "pi", "e")} | {
    function.__name__: function for function in (abs, max, min, round, sum)
}
_AS_TYPESET = str.maketrans({"−": "-", "·": "*", "×": "*", "^": "**"})


class AnswerBox(widgets.VBox):
    """Shows one task of a supply after the other.

    Enter in a field checks the answers. Where a notebook cannot show widgets it shows the task as text.

    Parameters
    ----------
    supply : utils.practice.Supply
    """

    def __init__(self, supply):
        self.supply = supply
        self.task = None
        self.statement = widgets.Output()
        self.verdict = widgets.HTML()
        self.check_button = widgets.Button(description="Check", button_style="primary", layout={"width": "auto"})
        self.check_button.on_click(lambda _: self.check())
        self.new_button = widgets.Button(description="New numbers", layout={"width": "auto"})
        self.new_button.on_click(lambda _: self.renew())
        self.renew(first=True)
        self.fields = [_field(question) for question in self.task.questions]
        for field in self.fields:
            field.on_msg(lambda _, content, __: self.check() if content.get("event") == "submit" else None)
        buttons = widgets.HBox([self.check_button, self.new_button])
        super().__init__([self.statement, *self.fields, buttons, self.verdict])

    def renew(self, first=False):
        """Show new numbers."""
        self.task = self.supply.new_task()
        markdown = f"**{heading(self.supply.exercise_id)}**\n\n{self.task.statement}"
        self.statement.outputs = (
            {
                "output_type": "display_data",
                "data": {"text/markdown": markdown, "text/plain": markdown},
                "metadata": {},
            },
        )
        self.verdict.value = ""
        if not first:
            for field in self.fields:
                if isinstance(field, widgets.Dropdown):
                    field.index = 0
                else:
                    field.value = ""
            self.fields[0].focus()

    def check(self):
        """Check what the fields hold, and say how it is."""
        try:
            panel = self.supply.answer(self.task, [_read(field) for field in self.fields])
        except ValueError as problem:  # what was typed cannot be read
            panel = Panel("wrong", f"Practice {self.supply.exercise_id}: not yet", str(problem))
        self.verdict.value = panel._repr_html_()

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/plain": in_words(self.supply, self.task)}


def _field(question):
    looks = {"description": question["name"], "style": {"description_width": "initial"}, "layout": {"width": "28em"}}
    if question["kind"] == "word":
        options = [("choose one", None), *((word, word) for word in question["options"])]
        return widgets.Dropdown(options=options, index=0, **looks)
    return widgets.Text(placeholder="a number, or an expression such as exp(-0.5) / 3", **looks)


def _read(field):
    """What a field holds: a number, a word, or None when it is empty."""
    if isinstance(field, widgets.Dropdown):
        return field.value
    return typed_number(field.value, field.description) if field.value.strip() else None


def typed_number(text, name="answer"):
    """Work out what was typed into a field.

    Parameters
    ----------
    text : str
        A number, or an expression of numbers with the functions of `EXPRESSION_NAMES`; ``^`` is a power.
    name : str
        The field's label, for messages.

    Returns
    -------
    object
        The expression's value.

    Raises
    ------
    ValueError
        If it is no expression; the message says what is wrong with it.
    """
    try:
        value = eval(text.strip().translate(_AS_TYPESET), {"__builtins__": {}}, EXPRESSION_NAMES)
    except Exception as problem:
        known = ", ".join(EXPRESSION_NAMES)
        raise ValueError(
            f"`{name}`: `{text}` is neither a number nor an expression ({problem}). It may use {known}."
        ) from None
    if isinstance(value, tuple):
        raise ValueError(f"`{name}`: `{text}` holds a comma. Write a decimal point, and no comma between thousands.")
    return value
