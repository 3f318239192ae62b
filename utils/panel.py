"""Coloured panels in a notebook, plain text elsewhere."""

import html
import re

# Accents that reach WCAG AA (3:1 for a bar, 4.5:1 for text) on JupyterLab's and VS Code's light and dark backgrounds
# are hard to find in one colour, so the text keeps the theme's own colour; only the bar and the tint are ours.
_ACCENTS = {
    "right": ("#1B8A4B", "rgba(27, 138, 75, 0.10)", "✓"),
    "wrong": ("#C4530A", "rgba(196, 83, 10, 0.10)", "✗"),
    "unanswered": ("#6B8399", "rgba(107, 131, 153, 0.10)", "○"),
    "info": ("#2A7FC1", "rgba(42, 127, 193, 0.10)", ""),
}


class Panel:
    """A titled message with an optional table.

    Parameters
    ----------
    status : {"right", "wrong", "unanswered", "info"}
    title : str
    message : str
        Plain text; words between backticks are set as code, words between asterisks are stressed, a blank line starts a
        paragraph.
    header : sequence of str
        Column titles of the table.
    rows : sequence of sequence of str
        The table's cells, as text.
    """

    def __init__(self, status, title, message="", header=(), rows=()):
        self.status = status
        self.title = title
        self.message = message
        self.header = tuple(header)
        self.rows = [tuple(row) for row in rows]

    def __repr__(self):
        lines = [f"{_ACCENTS[self.status][2]} {self.title}".strip()]
        if self.message:
            lines += ["", *self.message.splitlines()]
        if self.rows:
            lines += ["", *_text_table(self.header, self.rows)]
        return "\n".join(lines)

    def _repr_html_(self):
        accent, tint, icon = _ACCENTS[self.status]
        icon = f'<span aria-hidden="true">{icon}</span> ' if icon else ""
        paragraphs = [text for text in re.split(r"\n\s*\n", self.message) if text]
        body = "".join(f'<p style="margin: 0.4em 0 0 0;">{inline(text)}</p>' for text in paragraphs)
        table = ""
        if self.rows:
            cell = 'style="text-align: left; padding: 0.15em 0.8em 0.15em 0; vertical-align: top;"'
            line = 'style="background: none;"'  # the panel's own, not the stripes of JupyterLab's tables
            head = "".join(f'<th scope="col" {cell}>{html.escape(title)}</th>' for title in self.header)
            lines = "".join(
                f"<tr {line}>" + "".join(f"<td {cell}>{inline(text)}</td>" for text in row) + "</tr>"
                for row in self.rows
            )
            table = f'<table style="margin: 0.5em 0 0 0;"><thead><tr {line}>{head}</tr></thead><tbody>{lines}</tbody></table>'
        return (
            f'<div role="status" style="border-left: 5px solid {accent}; background: {tint}; color: inherit; '
            f'padding: 0.5em 0.9em; margin: 0.3em 0; border-radius: 3px;">'
            f"<strong>{icon}{inline(self.title)}</strong>{body}{table}</div>"
        )

    def show(self):
        """Show the panel: as HTML where a notebook is listening, as text elsewhere."""
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is None:
            print(self)
        else:
            display(self)


def inline(text):
    """Text as HTML: code between backticks, words between asterisks stressed, everything else escaped."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(f"<code>{html.escape(part)}</code>" if i % 2 else _prose(part) for i, part in enumerate(parts))


def _prose(text):
    """Text as HTML; words between asterisks are stressed, a product such as ``a * b`` is left alone."""
    parts = re.split(r"(?<![\w*])\*([A-Za-z][A-Za-z' ]*[a-z])\*(?![\w*])", text)
    parts = [html.escape(part).replace("\n", "<br>") for part in parts]
    return "".join(f"<em>{part}</em>" if i % 2 else part for i, part in enumerate(parts))


def _text_table(header, rows):
    plain = [[cell.replace("`", "") for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in plain) for i in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in plain]
