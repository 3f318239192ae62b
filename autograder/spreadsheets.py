"""CSV files that a spreadsheet program opens without running anything that stands in them.

A cell that begins with ``=``, ``+``, ``-`` or ``@`` is a formula to Excel, LibreOffice and Google Sheets. Text that
others wrote gets an apostrophe in front then, as OWASP advises
(https://owasp.org/www-community/attacks/CSV_Injection); `unguard` takes it away again.
"""

import csv
import io
from pathlib import Path

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def guard(text):
    """Text that no spreadsheet program takes for a formula; `unguard` is its inverse."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def unguard(text):
    """Text as it was before `guard`."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


def dumps(header, rows):
    """Text of a CSV file (RFC 4180, but lines end with a newline alone); strings are guarded, None is an empty cell.

    Parameters
    ----------
    header : sequence of str
    rows : iterable of sequences
        Of strings, numbers and None.

    Returns
    -------
    str
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value):
    if value is None or value != value:
        return ""
    return guard(value) if isinstance(value, str) else value


def write(path, header, rows):
    """Write a CSV file in UTF-8, with the mark by which Excel knows it."""
    Path(path).write_text(dumps(header, rows), encoding="utf-8-sig")
