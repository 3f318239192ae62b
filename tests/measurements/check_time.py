"""How long a check takes, in a warm notebook and in a fresh process, for each type of exercise.

    python -m tests.measurements.check_time

Each exercise of the course is checked with its first right answer of the bank. Warm: a call after a first one. Fresh: from
the import of `utils.check` to the end of the first check in a new Python that has imported NumPy and knows the answer. Of
several measurements the least is taken, since other programs can only make them longer.
"""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time

from tests.chapters import CHAPTERS, Right, bank, setup_source
from utils.catalogue import TYPES, read_course
from utils.progress import _find_course

WARM_CALLS = 5
WRONG_NUMBER = 12345.678  # no slip of any exercise: every sealed message is tried
FRESH_RUNS = 3

FRESH = """
import numpy as np
import sys, time
{answer}
start = time.perf_counter()
from utils.check import check
check({arguments})
print("seconds", time.perf_counter() - start, file=sys.stderr)
"""


def exercises():
    """Chapter, type, number, a right answer, the arguments of `check` and those of a wrong answer, of every exercise."""
    types = {exercise.id: exercise.type for exercise in read_course(_find_course())}
    for number, chapter in CHAPTERS.items():
        for exercise_id, exercise in chapter.exercises.items():
            answer = next(entry.source for entry in bank(number)[exercise_id] if isinstance(entry, Right))
            right = ", ".join([repr(exercise_id), *exercise.names])
            wrong = [str(WRONG_NUMBER) if q.kind == "number" else q.name for q in exercise.questions]
            function = [exercise.function] if exercise.function else []
            yield (
                number,
                types[exercise_id],
                exercise_id,
                answer,
                right,
                ", ".join([repr(exercise_id), *function, *wrong]),
            )


def warm(number, answer, arguments):
    """Least seconds of a check after the first, for each of some arguments; wall clock and processor."""
    namespace = {}
    exec(setup_source(number) + "\n" + answer, namespace)
    found = []
    for call in arguments:
        wall, processor = [], []
        for _ in range(WARM_CALLS + 1):
            start, start_of_work = time.perf_counter(), time.process_time()
            eval(f"check({call})", namespace)
            wall.append(time.perf_counter() - start)
            processor.append(time.process_time() - start_of_work)
        found += [min(wall[1:]), min(processor[1:])]
    return found


def fresh(answer, arguments):
    """Least seconds of import and first check in a new process; None where the answer needs more than NumPy."""
    code = FRESH.format(answer=answer, arguments=arguments)
    seconds = []
    for _ in range(FRESH_RUNS):
        outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        lines = [line for line in outcome.stderr.splitlines() if line.startswith("seconds")]
        if not lines:
            return None
        seconds.append(float(lines[0].split()[1]))
    return min(seconds)


def main():
    """Print a line for each type of exercise and kind of measurement."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        os.environ["COURSE_PROGRESS"] = os.path.join(folder, "progress.sqlite")
        for number, kind, exercise_id, answer, right, wrong in exercises():
            with contextlib.redirect_stdout(nowhere):
                rows.append((kind, exercise_id, *warm(number, answer, (right, wrong)), fresh(answer, right)))
    measured = ("warm, right", "  processor", "warm, wrong number", "  processor", "fresh process, right")
    print(f"{'seconds':30} median  longest (exercise)")
    for kind in TYPES:
        own = [row for row in rows if row[0] == kind]
        for column, name in enumerate(measured, start=2):
            known = [row for row in own if row[column] is not None]
            longest = max(known, key=lambda row: row[column])
            median = statistics.median(row[column] for row in known)
            print(f"{kind:8}{name:22} {median:6.3f}  {longest[column]:6.3f}  ({longest[1]}) of {len(known)}")


if __name__ == "__main__":
    main()
