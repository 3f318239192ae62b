"""Fresh numbers: how a Derive exercise is asked again with other givens, for `utils.practice`.

A chapter's module in `autograder.hidden_tests` says beside an exercise where the givens come from and how the exercise
reads with them::

    @variants_of(exercise, r_a=in_steps(0, 3, 0.1), r_b=in_steps(0, 3, 0.1))
    def _(r_a, r_b):
        return Variant(f"Response A has reward $r(A) = {r_a:g}$ ...", question_0_1(r_a, r_b, right="..."))

The release step draws `N_VARIANTS` of them and writes what students need, answers sealed, to ``utils/variants/chNN.json``.
"""

import json
import random
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from autograder.marking import Ambiguous
from utils import sealed
from utils.practice import VARIANTS_FOLDER

N_VARIANTS = 16
MOST_TRIES = 20_000
MOST_ALIKE = 3  # variants of an exercise that may have the same answers


class Variant:
    """An exercise with given numbers.

    Parameters
    ----------
    statement : str
        The task in Markdown; whoever reads it alone must be able to answer.
    *questions : autograder.marking.Number or Word
        Named as in the exercise, in its order.
    """

    def __init__(self, statement, *questions):
        self.statement = statement
        self.questions = questions


def table(header, rows):
    """A Markdown table; numbers as short as they can be."""
    lines = [header, ("---",) * len(header), *rows]
    cells = ([f"{cell:g}" if isinstance(cell, (int, float)) else str(cell) for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def listed(values):
    """Numbers with commas between them, as short as they can be."""
    return ", ".join(f"{value:g}" for value in values)


# --- where givens come from -------------------------------------------------------------------------------------------
# Each function returns a sampler, which takes a random.Random and returns a given. Only `random()` is asked of the
# generator: its numbers are promised to be the same in every version of Python.


def one_of(*values):
    """One of the values."""
    return lambda rng: values[int(rng.random() * len(values))]


def in_steps(low, high, step):
    """One of low, low + step, ..., high."""
    count = round((high - low) / step) + 1
    return one_of(*(round(low + i * step, 10) for i in range(count)))


def several(n, sampler):
    """A tuple of n draws."""
    return lambda rng: tuple(sampler(rng) for _ in range(n))


def different(n, sampler):
    """A tuple of n draws, no two of them equal."""

    def draw(rng):
        drawn = []
        while len(drawn) < n:
            value = sampler(rng)
            if value not in drawn:
                drawn.append(value)
        return tuple(drawn)

    return draw


def shares(n, step=0.1):
    """A tuple of n probabilities: multiples of the step, none of them 0."""
    total = round(1 / step)

    def draw(rng):
        cuts = sorted(different(n - 1, one_of(*range(1, total)))(rng))
        parts = (b - a for a, b in zip((0, *cuts), (*cuts, total), strict=True))
        return tuple(round(part * step, 10) for part in parts)

    return draw


# --- an exercise's variants -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """How an exercise's variants are made: a sampler for each given, and the exercise as a function of them."""

    samplers: dict
    pose: object


def variants_of(exercise, **samplers):
    """Declare how an exercise is asked with other numbers (decorator).

    Parameters
    ----------
    exercise : autograder.marking.Exercise
    **samplers
        For each given, by its name, a sampler such as `in_steps` makes.

    Returns
    -------
    callable
        Decorates a function that takes the givens and returns a `Variant`, or None for givens that do not fit together.
    """

    def register(pose):
        exercise.variants = Recipe(samplers, pose)
        return pose

    return register


def draw(exercise, n=N_VARIANTS):
    """Draw the variants of an exercise.

    Drawn anew are givens that fit no question, numbers that rounding could confuse (see `Number.messages`), the numbers
    of the exercise itself, and what was drawn before.

    Returns
    -------
    list of (dict, Variant)
        Givens and the exercise with them; always the same ones.

    Raises
    ------
    ValueError
        If the samplers do not hold enough variants.
    """
    recipe = exercise.variants
    rng = random.Random(zlib.crc32(f"variants of {exercise.id}".encode()))
    own = [_right_answer(question) for question in exercise.questions]
    drawn, statements, answers = [], set(), []
    for _ in range(MOST_TRIES):
        givens = {name: sampler(rng) for name, sampler in recipe.samplers.items()}
        variant = recipe.pose(**givens)
        if variant is None or variant.statement in statements:
            continue
        try:
            for question in variant.questions:
                question.messages()
        except Ambiguous:
            continue
        found = [_right_answer(question) for question in variant.questions]
        if found == own or answers.count(found) >= MOST_ALIKE:
            continue
        statements.add(variant.statement)
        answers.append(found)
        drawn.append((givens, variant))
        if len(drawn) == n:
            return drawn
    raise ValueError(f"exercise {exercise.id}: only {len(drawn)} of {n} variants in {MOST_TRIES} draws")


def _right_answer(question):
    return question.value if question.kind == "word" else sealed.three_digits(question.value)


def label(exercise_id, question):
    """What a question is called in practice: "a" for ``answer_2_2a``, "answer" where it is the only one."""
    return question.name.removeprefix("answer_" + exercise_id.replace(".", "_")) or "answer"


# --- the file that students receive -----------------------------------------------------------------------------------


def variants_path(chapter):
    """Where a chapter's file is kept."""
    return VARIANTS_FOLDER / f"{chapter.number}.json"


def variants_text(chapter, anew=False):
    """Text of a chapter's file behind `utils.practice`.

    Sealing takes half a minute for the course, so what stands in the present file is kept where it is fresh: its stamp, a slow
    hash, is that of the entry itself and of what it is made of.

    Parameters
    ----------
    chapter : autograder.marking.Chapter
    anew : bool
        Seal everything again; the text is the same.
    """
    path = variants_path(chapter)
    present = {} if anew or not path.exists() else json.loads(path.read_text(encoding="utf-8"))
    entries = {}
    for exercise_id, exercise in chapter.exercises.items():
        if exercise.variants is not None:
            open_text = _open(exercise)
            entry = present.get(exercise_id, {})
            fresh = entry.get("stamp") == _stamp(exercise_id, open_text, entry)
            entries[exercise_id] = entry if fresh else _sealed(exercise_id, open_text)
    return json.dumps(entries, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _open(exercise):
    """Everything about an exercise's variants, unsealed."""
    drawn = [variant for _, variant in draw(exercise)]
    described = [
        {"name": label(exercise.id, question), "kind": "word" if question.kind == "word" else "digits"}
        | {"options": list(question.options) if question.kind == "word" else [], "otherwise": question.otherwise}
        for question in drawn[0].questions
    ]
    return {
        "questions": described,
        "variants": [
            {"statement": variant.statement, "messages": [question.messages() for question in variant.questions]}
            for variant in drawn
        ],
    }


def _sealed(exercise_id, open_text):
    """The entry of an exercise: statements in clear text, messages sealed.

    A message such as a hint stands in many variants. It is hidden once, among ``texts``, and a box holds its place and key.
    """
    messages = [m for variant in open_text["variants"] for found in variant["messages"] for m in found.values()]
    unique = {json.dumps(message): message for message in messages}
    longest = max(len(text) for text in unique)
    hidden = {text: sealed.hide(message | {"": " " * (longest - len(text))}) for text, message in unique.items()}
    texts = sorted(ciphertext for _, ciphertext in hidden.values())
    boxes = {text: [texts.index(ciphertext), key] for text, (key, ciphertext) in hidden.items()}

    def seal(place, variant):
        return [
            sealed.seal(
                f"practice/{exercise_id}/{place}/{i}", {answer: boxes[json.dumps(m)] for answer, m in found.items()}
            )
            for i, found in enumerate(variant["messages"])
        ]

    with ThreadPoolExecutor() as pool:  # scrypt lets other threads run
        answers = list(pool.map(seal, range(len(open_text["variants"])), open_text["variants"]))
    variants = [
        {"statement": variant["statement"], "answers": boxes_of}
        for variant, boxes_of in zip(open_text["variants"], answers, strict=True)
    ]
    entry = {"questions": open_text["questions"], "texts": texts, "variants": variants}
    return entry | {"stamp": _stamp(exercise_id, open_text, entry)}


def _stamp(exercise_id, open_text, entry):
    content = {key: value for key, value in entry.items() if key != "stamp"}
    return sealed.stamp(f"stamp/{exercise_id}", json.dumps([open_text, content], sort_keys=True))
