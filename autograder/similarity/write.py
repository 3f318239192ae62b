"""The command: from the hand-ins of a chapter to the page of pairs that are alike."""

import datetime as dt
from pathlib import Path

from markupsafe import Markup

from autograder import grading, pages, spreadsheets
from autograder.similarity import answers, compare

PAGE = "similarity.html"
MAX_SHOWN = 100  # pairs whose code stands on the page; all pairs are in its table


def write_similarity(class_folder, chapter, threshold=compare.THRESHOLD, common=None, output=None):
    """Write the page of the pairs of submissions that share more than others do.

    Parameters
    ----------
    class_folder : path
    chapter : str
    threshold : float
    common : int, optional
        See `autograder.similarity.compare.find_pairs`.
    output : path, optional
        Folder for the files; ``reports/CHAPTER`` in the class's folder unless given.

    Returns
    -------
    page : pathlib.Path
    pairs : list of autograder.similarity.compare.Pair
    n_compared : int
    remarks : list of str

    Raises
    ------
    ValueError
        If there is no such chapter, an option is out of range, or fewer than two submissions can be read.
    """
    class_folder = Path(class_folder)
    released = answers.released_notebook(class_folder, chapter)
    found, remarks = answers.read_answers(class_folder, chapter, answers.answer_cells(released))
    if len(found) < 2:
        where = class_folder / "submitted"
        raise ValueError(f"class_folder: fewer than two readable submissions of {chapter} below {where}")
    pairs = compare.find_pairs(found, answers.given_code(released), threshold, common)
    folder = Path(output) if output else class_folder / "reports" / chapter
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    page.write_text(_html(chapter, found, pairs, remarks, threshold), encoding="utf-8")
    spreadsheets.write(
        folder / "similarity.csv",
        ("student", "other student", "rare characters", "share of rare code", "share of own code", "exercises"),
        [
            (
                *pair.students,
                pair.rare,
                pair.rare_share,
                pair.share,
                _exercises(pair),
            )
            for pair in pairs
        ],
    )
    return page, pairs, len(found), remarks


def command(chapter, class_folder, threshold=compare.THRESHOLD, common=None, output=None):
    """Write the page and say what is on it."""
    page, pairs, n_compared, remarks = write_similarity(class_folder, chapter, threshold, common, output)
    for remark in remarks:
        print(remark)
    print(
        f"{n_compared} submissions compared, {len(pairs)} pairs share at least {pages.percent(threshold)} of their own code"
    )
    for pair in pairs[:10]:
        print(f"  {', '.join(pair.students)}: {pages.percent(pair.share)}, {pair.rare} characters that few others have")
    print(f"Pairs side by side: {page}")
    print("This is evidence for a person, never a verdict.")


def _html(chapter, found, pairs, remarks, threshold):
    return pages.render(
        Path(__file__).with_name("page.html"),
        chapter=chapter,
        date=dt.date.today().isoformat(),
        n_compared=len(found),
        threshold=threshold,
        fewest=compare.FEWEST_SHARED,
        pairs=[
            {
                "students": pair.students,
                "rare": pair.rare,
                "rare_share": pair.rare_share,
                "share": pair.share,
                "exercises": _exercises(pair),
                "parts": [_side_by_side(pair, part, found) for part in pair.parts] if i < MAX_SHOWN else [],
            }
            for i, pair in enumerate(pairs)
        ],
        remarks=remarks,
    )


def _exercises(pair):
    return ", ".join(grading.exercise_id(part.cell) for part in pair.parts)


def _side_by_side(pair, part, found):
    codes = [found[student][part.cell] for student in pair.students]
    marked = [_marked(code, slices) for code, slices in zip(codes, part.slices, strict=True)]
    return {
        "exercise": grading.exercise_id(part.cell),
        "rare": part.rare,
        "rare_share": part.rare_share,
        "share": part.share,
        "codes": list(zip(pair.students, marked, strict=True)),
    }


def _marked(code, slices):
    """Escaped code with the shared fragments marked."""
    from copydetect.utils import highlight_overlap

    return Markup(highlight_overlap(code, slices, "<mark>", "</mark>", escape_html=True)[0])
