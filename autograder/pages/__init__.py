"""Pages for the staff: one HTML file each, readable without scripts and without a network, in light and dark.

Templates escape whatever they show; besides, a page's content security policy lets no script run but its own.
"""

import base64
import datetime as dt
import hashlib
from pathlib import Path

from utils import panel

FOLDER = Path(__file__).parent


def render(template, **values):
    """Fill a template in.

    Parameters
    ----------
    template : path
        It extends ``base.html`` in this folder.
    **values
        Text is escaped, unless it is `markupsafe.Markup`.

    Returns
    -------
    str
        HTML.
    """
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    template = Path(template)
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(template.parent), FileSystemLoader(FOLDER)]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"percent": percent, "number": number, "code": code, "moment": moment}
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    script = (FOLDER / "sort.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template(template.name).render(
        style=Markup(style), script=Markup(script), script_hash=digest, **values
    )


def percent(value, digits=0):
    """``0.25`` as ``25 %``, an undefined number as a dash."""
    return "–" if value is None or value != value else f"{100 * value:.{digits}f} %"


def number(value, digits=2):
    """A number with fixed digits, an undefined one as a dash."""
    return "–" if value is None or value != value else f"{value:.{digits}f}".replace("-", "−")


def moment(text):
    """A time in ISO 8601 for people: ``2026-03-03 08:00 UTC``."""
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def code(text):
    """Text as panels show it: words between backticks set as code, those between asterisks stressed."""
    from markupsafe import Markup

    return Markup(panel.inline(str(text)))
