"""Grade a class with the engine and print when which submission was saved: ``ROOT ASSIGNMENT JOBS SKIP [memory]``.

The first ``SKIP`` submissions pay for the start (imports, the fork server, first use of everything). With ``memory`` the
run also looks at the size of its processes, which takes time.
"""

import json
import sys
import time

import psutil

from autograder.engine import run


def processor_time():
    """Seconds used by this process, its workers, their fork servers, and the students' processes that have ended."""
    own = psutil.Process()
    total = 0.0
    for process in [own, *own.children(recursive=True)]:
        try:
            used = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += used.user + used.system + used.children_user + used.children_system
    return total


def memory():
    """Largest resident and unshared bytes by kind of process."""
    found = {}

    def look(process, kind):
        try:
            info = process.memory_full_info()
            below = process.children()
        except psutil.Error:  # students' processes come and go
            return
        found[kind] = [max(pair) for pair in zip((info.rss, info.uss), found.get(kind, (0, 0)), strict=True)]
        for child in below:
            look(child, _kind(child, kind))

    look(psutil.Process(), "coordinator")
    return found


def _kind(process, parent):
    command = " ".join(process.cmdline())
    if "multiprocessing.resource_tracker" in command:
        return "tracker"
    if parent == "coordinator":
        return "worker"
    if parent == "worker":
        return "guard"  # waits outside of the namespaces for the fork server
    return "fork server" if parent == "guard" else "student's process"


def main(root, assignment, jobs, skip, looking=False):
    """Run the engine on a class; prints JSON."""
    notes = {"wall": [], "cpu": [], "seconds": [], "layers": [], "total": 0, "memory": {}}

    class Marked(run.Summary):
        def add(self, record):
            super().add(record)
            notes["wall"].append(time.perf_counter())
            notes["seconds"].append(record.seconds)
            notes["layers"] = self.layers
            done, total = len(notes["wall"]), notes["total"]
            if done in (skip, total) or done % max(1, total // 10) == 0:
                notes["cpu"].append([done, processor_time()])
            if looking:
                for kind, sizes in memory().items():
                    notes["memory"][kind] = [max(p) for p in zip(sizes, notes["memory"].get(kind, (0, 0)), strict=True)]

    def progress(done, total):
        notes["total"] = total

    run.Summary = Marked
    summary = run.grade_class(root, assignment, jobs=jobs, progress=progress)
    if summary.failed:
        raise RuntimeError(f"not graded: {summary.failed}")
    print(json.dumps(notes))


if __name__ == "__main__":  # workers import this file again
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), "memory" in sys.argv[5:])
