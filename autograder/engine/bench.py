"""How fast the engine is, beside stock nbgrader, on the same class in the same run.

    python -m autograder.engine.bench [--stock N] [--students N] [--scale 10 100 1000] [--class DIR ASSIGNMENT]

Wall time on a machine that also does other things says little, so processor time is printed beside it.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.engine.stage import COURSE

IMPORTS = """\
import numpy as np
import torch
import matplotlib.pyplot as plt
import gymnasium as gym
import ipywidgets as widgets"""
ANSWER_1 = "def softmax(x):\n    shifted = np.exp(np.asarray(x) - np.max(x))\n    return shifted / shifted.sum()"
ANSWER_2 = """\
def discounted(rewards, gamma):
    total = 0.0
    for r in reversed(rewards):
        total = r + gamma * total
    return total"""
TEST_1 = """\
assert softmax([0.0]) == 1
### BEGIN HIDDEN TESTS
np.testing.assert_allclose(softmax([0, 0]), 0.5)
assert softmax([800., 0])[0] == 1
### END HIDDEN TESTS"""
TEST_2 = """\
assert discounted([1], 0.5) == 1
### BEGIN HIDDEN TESTS
assert discounted([1, 1, 4], 0.5) == 2.5
assert discounted([], 0.9) == 0
### END HIDDEN TESTS"""
PLOT = "fig, ax = plt.subplots()\nax.plot(softmax(np.linspace(-3, 3, 50)))\nax.set_title('softmax')\nplt.show()"
WIDGET = "widgets.IntSlider(description='n')"

STOCK = """\
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/gradebook.db"
c.CourseDirectory.course_id = "bench"
"""
ENGINE = STOCK + "from autograder.engine.converter import install\ninstall()\n"
RUN = """\
import json, sys
from autograder.engine.run import grade_class
if __name__ == "__main__":
    summary = grade_class(sys.argv[1], sys.argv[2], jobs=int(sys.argv[3]))
    print(json.dumps([len(summary.graded), summary.seconds, summary.layers]))
"""


def _flags(name, **flags):
    base = {"grade": False, "grade_id": name, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {"nbgrader": base | flags}


def mini_notebook():
    """A small notebook with the imports of a real chapter, two functions, a figure, a widget and an essay."""
    cells = [
        new_markdown_cell("# Mini"),
        new_code_cell(IMPORTS, metadata=_flags("imports", locked=True)),
        new_code_cell(f"### BEGIN SOLUTION\n{ANSWER_1}\n### END SOLUTION", metadata=_flags("a1", solution=True)),
        new_code_cell(TEST_1, metadata=_flags("t1", grade=True, locked=True, points=3)),
        new_code_cell(f"### BEGIN SOLUTION\n{ANSWER_2}\n### END SOLUTION", metadata=_flags("a2", solution=True)),
        new_code_cell(TEST_2, metadata=_flags("t2", grade=True, locked=True, points=2)),
        new_code_cell(PLOT),
        new_code_cell(WIDGET),
        new_markdown_cell("Your thoughts", metadata=_flags("essay", grade=True, solution=True, points=5)),
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_class(root, students):
    """A class that answered the mini notebook right."""
    source = root / "source" / "mini"
    source.mkdir(parents=True)
    nbformat.write(mini_notebook(), source / "mini.ipynb")
    (root / "nbgrader_config.py").write_text(STOCK.format(root=str(root)))
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "mini"], cwd=root, check=True, capture_output=True
    )
    notebook = nbformat.read(root / "release" / "mini" / "mini.ipynb", as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = {"a1": ANSWER_1, "a2": ANSWER_2, "essay": "Mine."}.get(name, cell.source)
    text = nbformat.writes(notebook)
    for i in range(students):
        folder = root / "submitted" / f"student{i:04d}" / "mini"
        folder.mkdir(parents=True)
        (folder / "mini.ipynb").write_text(text)


def copy_class(template, root, students, config):
    """A class with the first so many students of another one, ungraded."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name in ("source", "release", "gradebook.db"):
        origin = template / name
        if origin.is_dir():
            shutil.copytree(origin, root / name)
        elif origin.exists():
            shutil.copy(origin, root / name)
    for folder in sorted((template / "submitted").iterdir())[:students]:
        shutil.copytree(folder, root / "submitted" / folder.name)
    (root / "nbgrader_config.py").write_text(config.format(root=str(root)))


def measure(command, cwd):
    """Run a command.

    Returns
    -------
    wall, cpu : float
        Seconds; processor time of all its processes together.
    output : str
    """
    environment = os.environ | {"PYTHONPATH": str(COURSE)}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def stock(template, root, students, assignment):
    """Wall and processor time of stock nbgrader."""
    copy_class(template, root, students, STOCK)
    return measure([sys.executable, "-m", "nbgrader", "autograde", assignment], root)[:2]


def engine(template, root, students, assignment, jobs):
    """Wall and processor time of the engine, and what it says of itself."""
    copy_class(template, root, students, ENGINE)
    script = root.parent / "bench_run.py"
    script.write_text(RUN)
    wall, cpu, output = measure([sys.executable, str(script), str(root), assignment, str(jobs)], root)
    graded, seconds, layers = json.loads(output.splitlines()[-1])
    assert graded == students, f"{graded} of {students} graded"
    return wall, cpu, seconds, layers


def memory():
    """Megabytes of a worker and of its fork server: resident, and not shared with anyone."""
    import psutil

    from autograder.engine.limits import Limits
    from autograder.engine.work import Worker

    worker = Worker(None, ["torch", "gymnasium", "ipywidgets"], Limits())
    try:
        own = psutil.Process()
        servers = [process.memory_full_info() for process in own.children(recursive=True)]
        info = own.memory_full_info()
        largest = max(servers, key=lambda server: server.rss)
        return {
            name: [round(part / 2**20) for part in (m.rss, m.uss)]
            for name, m in (("worker", info), ("fork server", largest))
        }
    finally:
        worker.close()


def per_notebook(few, many, n_few, n_many):
    """Cost of one more notebook, from two runs of different size; what the start costs drops out."""
    return (many - few) / (n_many - n_few)


def main(arguments=None):
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stock", type=int, default=6, help="submissions that stock nbgrader grades (default 6)")
    parser.add_argument("--students", type=int, default=60, help="submissions that the engine grades (default 60)")
    parser.add_argument(
        "--scale", type=int, nargs="*", default=[10, 100, 1000], help="class sizes for the growth of cost"
    )
    parser.add_argument(
        "--class", dest="class_", nargs=2, metavar=("DIR", "ASSIGNMENT"), help="a class to use (it is copied)"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        folder = Path(folder)
        if options.class_:
            template, assignment = Path(options.class_[0]).resolve(), options.class_[1]
            available = len(list((template / "submitted").iterdir()))
            options.students, options.scale = (
                min(options.students, available),
                [n for n in options.scale if n <= available],
            )
            options.stock = min(options.stock, available)
        else:
            template, assignment = folder / "template", "mini"
            make_class(template, max([options.students, options.stock, *options.scale]))
        _compare(options, template, folder / "work", assignment)


def _compare(options, template, root, assignment):
    say = lambda text: print(text, flush=True)  # noqa: E731
    few = max(1, options.students // 10)
    say(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    stock_few = stock(template, root, 1, assignment)
    engine_few = engine(template, root, few, assignment, 1)
    stock_many = stock(template, root, options.stock, assignment)
    engine_many = engine(template, root, options.students, assignment, 1)
    say(f"confined by: {', '.join(engine_many[3])}")
    say(f"{'seconds':34}{'wall':>9}{'cpu':>9}")
    say(f"{'stock, 1 notebook with start':34}{stock_few[0]:9.2f}{stock_few[1]:9.2f}")
    say(f"{f'stock, {options.stock} notebooks with start':34}{stock_many[0]:9.2f}{stock_many[1]:9.2f}")
    say(f"{f'engine, {few} notebooks with start':34}{engine_few[0]:9.2f}{engine_few[1]:9.2f}")
    say(f"{f'engine, {options.students} notebooks with start':34}{engine_many[0]:9.2f}{engine_many[1]:9.2f}")
    one = [per_notebook(stock_few[i], stock_many[i], 1, options.stock) for i in (0, 1)]
    ours = [per_notebook(engine_few[i], engine_many[i], few, options.students) for i in (0, 1)]
    say(f"{'stock, per notebook':34}{one[0]:9.3f}{one[1]:9.3f}")
    say(f"{'engine, per notebook, 1 worker':34}{ours[0]:9.3f}{ours[1]:9.3f}")
    say(f"{'ratio':34}{one[0] / ours[0]:9.1f}{one[1] / ours[1]:9.1f}")
    parts = {part: seconds / options.students * 1000 for part, seconds in engine_many[2].items()}
    say("breakdown per notebook (ms): " + ", ".join(f"{part} {value:.1f}" for part, value in parts.items()))
    two_few = engine(template, root, few, assignment, 2)
    two = engine(template, root, options.students, assignment, 2)
    twice = per_notebook(two_few[0], two[0], few, options.students)
    say(f"two workers: {twice:.3f} s per notebook (wall), {ours[0] / twice:.2f} times one worker")
    for n in options.scale:
        wall, cpu, *_ = engine(template, root, n, assignment, 2)
        say(f"{n:5} submissions, 2 workers: {wall:7.1f} s wall, {cpu:7.1f} s cpu, {cpu / n * 1000:.0f} ms each")
    say(f"memory in MB (resident, unshared): {memory()}")


if __name__ == "__main__":
    main()
