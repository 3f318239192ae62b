"""How much memory each chapter takes where a student works: in JupyterLab, on a machine with 1 GB for it.

`python -m tests.measurements.memory` publishes the class edition, serves it, runs each chapter in a kernel of the server,
untouched and solved, and prints the peaks; it takes about five minutes. As root on Linux server and kernel share a control
group that holds them to the limit, as Binder does: a chapter that needs more is killed and named. Elsewhere only the peaks
are measured.
"""

import argparse
import contextlib
import copy
import os
import queue
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from jupyter_client import BlockingKernelClient

from autograder import course, notebooks, sample_class
from tests.browser import places
from tests.chapters import CHAPTERS, Right, bank

MEGABYTE = 10**6
LIMIT = 1000  # megabytes
PATIENCE = 300  # seconds for a kernel to start, on a busy machine
CONTROL_GROUPS = Path("/sys/fs/cgroup/memory")


@dataclass(frozen=True)
class Peak:
    """Largest resident memory of a run, in megabytes."""

    kernel: float
    server: float  # with the small process that started it
    limited: bool

    @property
    def total(self):
        """Both together, as if their peaks fell together."""
        return self.kernel + self.server


def notebook_of(number, solved):
    """A released chapter, with the bank's first right answers when it is to be solved."""
    name = CHAPTERS[number].notebook
    released = notebooks.read(course.RELEASE / name / f"{name}.ipynb")
    if not solved:
        return copy.deepcopy(released)
    answers = {e: next(x.source for x in entries if isinstance(x, Right)) for e, entries in bank(number).items()}
    return sample_class.fill_in(released, answers)


def measure(number, solved, python, edition, limit=LIMIT):
    """Run a chapter in a kernel of its own server.

    Parameters
    ----------
    number : str
        The chapter, such as ``"ch00"``.
    solved : bool
        Whether its exercises are answered.
    python, edition : pathlib.Path
        A published edition and its environment's Python, as `tests.browser.places` makes them.
    limit : float
        Megabytes that server and kernel may take together.

    Returns
    -------
    Peak

    Raises
    ------
    RuntimeError
        If a cell fails or the kernel dies.
    """
    name = CHAPTERS[number].notebook
    with (
        tempfile.TemporaryDirectory() as home,
        control_group(limit) as group,
        places.serving(python, edition, Path(home), before=group and group.join) as server,
    ):
        kernel = places.start_kernel(server, f"release/{name}/{name}.ipynb")
        client = BlockingKernelClient()
        client.load_connection_file(str(Path(home) / "jupyter-runtime" / f"kernel-{kernel['id']}.json"))
        client.start_channels(hb=False)  # a busy machine may keep a heartbeat waiting
        try:
            client.wait_for_ready(timeout=PATIENCE)
            kernel_process, server_process = map(
                int, run(client, "import os; print(os.getpid(), os.getppid())").split()
            )
            for cell in notebook_of(number, solved).cells:
                if cell.cell_type == "code":
                    run(client, cell.source, group)
            served = resident_peak(server_process) + resident_peak(server.process)
            return Peak(resident_peak(kernel_process), served, group is not None)
        finally:
            client.stop_channels()


def run(client, source, group=None):
    """Run a source in a kernel; return what it printed.

    Raises
    ------
    RuntimeError
        If the source fails, or the group's limit has killed the kernel.
    """
    request = client.execute(source, allow_stdin=False)
    printed = []
    while True:
        try:
            message = client.get_iopub_msg(timeout=5)
        except queue.Empty:
            if group is not None and group.killed():
                raise RuntimeError("killed by the limit") from None
            continue
        kind, content = message["header"]["msg_type"], message["content"]
        if message["parent_header"].get("msg_id") != request:
            continue
        if kind == "error":
            raise RuntimeError(f"{content['ename']}: {content['evalue']}")
        if kind == "stream":
            printed.append(content["text"])
        elif kind == "status" and content["execution_state"] == "idle":
            return "".join(printed)


def resident_peak(process):
    """Peak of a process's resident memory so far, in megabytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024 / MEGABYTE


class ControlGroup:
    """A memory control group (version 1), which kills what goes beyond its limit."""

    def __init__(self, limit):
        self.folder = Path(tempfile.mkdtemp(prefix="course-", dir=CONTROL_GROUPS))
        (self.folder / "memory.limit_in_bytes").write_text(str(int(limit * MEGABYTE)))

    def join(self):
        """Put the calling process into the group; its children follow."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def killed(self):
        """Whether the limit has cost a process its life."""
        return "oom_kill 0" not in (self.folder / "memory.oom_control").read_text()


@contextlib.contextmanager
def control_group(limit):
    """A control group for the time of the block, or None where none can be made."""
    try:
        group = ControlGroup(limit)
    except OSError:
        yield None
        return
    try:
        yield group
    finally:
        for _ in range(100):  # a process that is still ending keeps it
            with contextlib.suppress(OSError):
                group.folder.rmdir()
                break
            time.sleep(0.1)


def main():
    """Measure all chapters and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.measurements.memory", description=__doc__.split("\n")[0])
    parser.add_argument("--limit", type=float, default=LIMIT, help="megabytes for server and kernel (default: 1000)")
    parser.add_argument("chapters", nargs="*", help="such as ch00 (default: all)")
    arguments = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        edition = places.write("class", Path(scratch) / "course")
        python = places.make_environment(Path(scratch) / "environment", edition)
        print("| chapter | answers | kernel (MB) | server (MB) | together | within the limit |")
        print("| --- | --- | --- | --- | --- | --- |")
        for number in arguments.chapters or CHAPTERS:
            for solved in (False, True):
                answers = "all" if solved else "none"
                try:
                    peak = measure(number, solved, python, edition, arguments.limit)
                except RuntimeError as problem:
                    failures += 1
                    print(f"| {number} | {answers} | – | – | – | no: {problem} |", flush=True)
                    continue
                held = "held to it" if peak.limited else "not limited"
                print(
                    f"| {number} | {answers} | {peak.kernel:.0f} | {peak.server:.0f} | {peak.total:.0f} | {held} |",
                    flush=True,
                )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
