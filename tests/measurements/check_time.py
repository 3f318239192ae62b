"""How long a check takes, in a warm notebook and in a fresh process, for each type of exercise.

    python -m tests.measurements.check_time

Each exercise of the course is checked with its first right answer of the bank. Warm: a call after a first one. Fresh: from
the import of `utils.check` to the end of the first check in a new Python that has imported NumPy and knows the answer. Of
several measurements the least is taken, since other programs can only make them longer.
"""

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
    """Chapter, number, type, a right answer and the arguments of `check`, of every exercise."""
    types = {exercise.id: exercise.type for exercise in read_course(_find_course())}
    for number, chapter in CHAPTERS.items():
        for exercise_id, exercise in chapter.exercises.items():
            answer = next(entry.source for entry in bank(number)[exercise_id] if isinstance(entry, Right))
            yield number, exercise_id, types[exercise_id], answer, ", ".join([repr(exercise_id), *exercise.names])


def warm(number, answer, arguments):
    """Least seconds of a check after the first."""
    namespace = {}
    exec(setup_source(number) + "\n" + answer, namespace)
    seconds = []
    for _ in range(WARM_CALLS + 1):
        start = time.perf_counter()
        eval(f"check({arguments})", namespace)
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


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
    """Print a line for each type of exercise."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_PROGRESS"] = os.path.join(folder, "progress.sqlite")
        rows = []
        for number, exercise_id, kind, answer, arguments in exercises():
            with open(os.devnull, "w") as nowhere:
                stdout, sys.stdout = sys.stdout, nowhere
                try:
                    rows.append((kind, exercise_id, warm(number, answer, arguments), fresh(answer, arguments)))
                finally:
                    sys.stdout = stdout
        print("type     exercises  warm, median  warm, longest       fresh, median  fresh, longest  (seconds)")
        for kind in TYPES:
            own = [row for row in rows if row[0] == kind]
            first = [row for row in own if row[3] is not None]
            slowest, slow_start = max(own, key=lambda row: row[2]), max(first, key=lambda row: row[3])
            print(
                f"{kind:8} {len(own):9}  {statistics.median(row[2] for row in own):12.3f}  "
                f"{slowest[2]:6.3f} ({slowest[1]:>4})       {statistics.median(row[3] for row in first):13.3f}  "
                f"{slow_start[3]:7.3f} ({slow_start[1]})  of {len(first)}"
            )


if __name__ == "__main__":
    main()
