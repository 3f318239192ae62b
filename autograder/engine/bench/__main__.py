"""Compare the engine with stock nbgrader: ``python -m autograder.engine.bench`` or ``make bench``."""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

import numpy as np

from autograder.engine.bench import classes, measure

CHAPTERS = ("ch00_reward_modeling", "ch03_dpo_loss")


def main(arguments=None):
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(
        prog="python -m autograder.engine.bench",
        description="Cost per notebook of the engine and of stock nbgrader, on the same classes in the same run.",
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often stock and engine alternate (default 3)")
    parser.add_argument("--stock", type=int, default=3, help="notebooks that stock grades in a round (default 3)")
    parser.add_argument(
        "--engine", type=int, default=40, help="notebooks that one worker grades in a round (default 40)"
    )
    parser.add_argument(
        "--classes", nargs="*", default=[classes.MINI, *CHAPTERS], metavar="NAME",
        help="what to grade: mini, or chapters (default: mini and two chapters)",
    )  # fmt: skip
    parser.add_argument(
        "--scale", type=int, nargs="*", default=[10, 100, 1000], metavar="N",
        help="class sizes for the growth of cost (default 10 100 1000)",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    _say(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in options.classes:
            _compare(Path(folder), name, options)
            if name != classes.MINI:  # like for like: without the cells that stock runs and the engine does not
                _compare(Path(folder), name, options, shows=False)
        if options.scale:
            _scale(Path(folder), options.scale)


def _say(text):
    print(text, flush=True)


def _compare(folder, name, options, shows=True):
    """Alternate runs of stock nbgrader, the engine, and the engine with two workers on one class."""
    template, root = folder / f"{name}-{shows}", folder / "work"
    classes.make(template, name, max(2 * options.engine + 20, options.stock + 1), shows)
    measure.stock(template, root, name, 1)  # thrown away: fills the disk's cache
    measure.engine(template, root, name, 1, skip=3)
    found, ceiling = {"stock": [], "engine": [], "two workers": []}, []
    for _ in range(options.rounds):
        found["stock"].append(measure.stock(template, root, name, options.stock))
        found["engine"].append(measure.engine(template, root, name, options.engine))
        found["two workers"].append(measure.engine(template, root, name, 2 * options.engine, jobs=2, skip=20))
        ceiling.append(measure.two_processes())
    _say(f"\n{name}{'' if shows else ', without the cells that only show something'}")
    _say(f"  {'milliseconds per notebook':26}{'wall':>24}{'processor':>24}")
    for who, costs in found.items():
        _say(f"  {who:26}{_spread([c.wall * 1000 for c in costs]):>24}{_spread([c.cpu * 1000 for c in costs]):>24}")
    pairs = list(zip(found["stock"], found["engine"], strict=True))
    _say(
        f"  {'stock / engine':26}{_spread([s.wall / e.wall for s, e in pairs], 1):>24}"
        f"{_spread([s.cpu / e.cpu for s, e in pairs], 1):>24}"
    )
    pairs = list(zip(found["engine"], found["two workers"], strict=True))
    _say(f"  {'one worker / two workers':26}{_spread([one.wall / two.wall for one, two in pairs], 2):>24}")
    _say(f"  {'two processes of any kind':26}{_spread(ceiling, 2):>24}")
    _breakdown(found["engine"])
    _say(f"  confined by: {', '.join(found['engine'][0].layers)}")
    same = all(stock.scores.items() <= found["engine"][0].scores.items() for stock in found["stock"])
    _say(f"  same points by both: {'yes' if same else 'NO'}")
    sizes = measure.memory(template, root, name)
    _say(
        "  memory, MB resident (unshared): " + ", ".join(f"{kind} {rss} ({uss})" for kind, (rss, uss) in sizes.items())
    )


def _spread(values, digits=0):
    """Median, smallest and largest."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _breakdown(costs):
    """Where the engine's wall time goes: the parts of the worker, in whose shadow the coordinator does its own."""

    def line(where, parts):
        each = {part: statistics.median(cost.parts[part] for cost in costs) * 1000 for part in parts}
        words = ", ".join(f"{part} {value:.1f}" for part, value in each.items())
        _say(f"  {where:26}{words}; together {sum(each.values()):.1f}")

    line("the worker, ms", measure.WORKER_PARTS)
    line("the coordinator, ms", measure.COORDINATOR_PARTS)
    waiting = [cost.wall - sum(cost.parts[part] for part in measure.WORKER_PARTS) for cost in costs]
    _say(f"  {'worker waits for work, ms':26}{statistics.median(waiting) * 1000:.1f}")


def _scale(folder, sizes):
    """Cost of classes of several sizes, one worker."""
    template, root = folder / "large", folder / "work"
    classes.make(template, classes.MINI, max(sizes))
    _say("\ngrowth, mini, one worker")
    totals = []
    for n in sizes:
        skip = min(5, n // 2)
        cost = measure.engine(template, root, classes.MINI, n - skip, skip=skip)
        second = measure.again(root, classes.MINI)
        totals.append(cost.cpu * n)
        _say(
            f"  {n:5} submissions: {cost.wall * 1000:6.1f} ms wall, {cost.cpu * 1000:6.1f} ms processor each; "
            f"the whole run, start included, {cost.run:.1f} s; once more with nothing to do {second:.1f} s"
        )
        if n >= 100:
            _curvature(cost.growth)
    if len(sizes) > 1:
        exponent = np.polyfit(np.log(sizes), np.log(totals), 1)[0]
        _say(f"  processor time grows with the number of submissions to the power of {exponent:.3f}")


def _curvature(growth):
    """Whether later submissions of a run cost more processor time than earlier ones."""
    done, cpu = (np.array(column, dtype=float) for column in zip(*growth, strict=True))
    each = np.diff(cpu) / np.diff(done) * 1000
    slope, start = np.polyfit((done[1:] + done[:-1]) / 2, each, 1)
    _say(
        f"        first tenth {each[0]:.1f}, last tenth {each[-1]:.1f} ms each; a straight line through all tenths "
        f"changes by {100 * slope * done[-1] / start:+.1f} % over the run"
    )


if __name__ == "__main__":
    main()
