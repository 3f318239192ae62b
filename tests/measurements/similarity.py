"""How long the search for similar submissions takes in a large class.

`python -m tests.measurements.similarity FOLDER [STUDENTS] [CHAPTER]` writes 200 hand-ins and disguised copies of five of
them, and times `python -m autograder similarity` on them. A hand-in is a random draw from the bank of right and wrong
answers, with lines of the student's own: so most code is common, as in a real class, and some is not.
"""

import random
import subprocess
import sys
import time
from pathlib import Path

from autograder import course, notebooks, sample_class
from tests.chapters import CHAPTERS, bank
from tests.test_similarity import disguise

N_COPIES = 5


def with_own_lines(source, dice):
    """An answer with a few lines that nobody else would write."""
    operators = ("+", "-", "*", "/", "**", "%")
    names = ("x", "len(y)", "abs(z)", "np.pi")
    lines = []
    for i in range(dice.randint(2, 6)):
        terms = [f"{dice.choice(names)} {dice.choice(operators)} {dice.randint(1, 99)}" for _ in range(4)]
        lines.append(f"check_{i} = lambda x, y, z: " + f" {dice.choice(operators)} ".join(terms))
    return source + "\n" + "\n".join(lines) + "\n"


def main(folder, n_students=200, number="ch00"):
    """Write the class, look for pairs, print the seconds."""
    dice, chapter = random.Random(0), CHAPTERS[number].notebook
    released = notebooks.read(course.RELEASE / chapter / f"{chapter}.ipynb")

    def submit(student, own):
        path = Path(folder) / "submitted" / student / chapter / f"{chapter}.ipynb"
        notebooks.write_if_changed(path, notebooks.dumps(sample_class.fill_in(released, own)))

    for i in range(n_students):
        own = {
            exercise: with_own_lines(dice.choice(entries).source, dice) for exercise, entries in bank(number).items()
        }
        submit(f"student{i:03d}", own)
        if i < N_COPIES:
            submit(f"copy{i:03d}", {exercise: disguise(source) for exercise, source in own.items()})
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "autograder", "similarity", chapter, "--class-folder", folder],
        check=True,
        cwd=course.COURSE,
    )
    print(f"similarity of {n_students + N_COPIES} submissions: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:3]), *sys.argv[3:])
