"""How long the report of a large class takes.

`python -m tests.measurements.report FOLDER [STUDENTS]` makes a gradebook of 500 invented students and all chapters in
FOLDER and times `python -m autograder report` on it, the start of Python included.
"""

import subprocess
import sys
import time
from pathlib import Path

from autograder import course
from tests.synthetic import make_class


def main(folder, n_students=500):
    """Make the class unless it is there, write its report, print the seconds."""
    folder = Path(folder)
    if not (folder / "gradebook.db").exists():
        start = time.perf_counter()
        make_class(folder, n_students)
        print(f"made the gradebook in {time.perf_counter() - start:.1f} s")
    print(f"gradebook: {(folder / 'gradebook.db').stat().st_size / 1e6:.0f} MB")
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "autograder", "report", "--class-folder", folder], check=True, cwd=course.COURSE
    )
    print(f"report: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:]))
