"""Why a student's process ended, in words for the student: the end of a sentence that begins with "its process ended: "."""

import signal

_IN_COMPILED_CODE = "as compiled code does when memory runs out or when functions call each other too deep"


def how_it_ended(ending, limits):
    """Say what probably happened.

    Parameters
    ----------
    ending : dict
        ``status`` as of `os.waitstatus_to_exitcode`, or None where there was no process; ``closed``, whether the process
        was still there when it had closed its channel; ``cpu`` in seconds and ``peak`` in bytes (resident), what it used.
    limits : Limits

    Returns
    -------
    str
    """
    status = ending.get("status")
    if ending.get("closed"):
        return "it closed its connection to the grader"
    if status is None or status >= 0:
        return "it ended its own process, by os._exit or the like"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    memory = f"the limit is {limits.memory_bytes / 2**20:,.0f} MB of memory beyond what the libraries take"
    if name == "SIGXCPU" or (name == "SIGKILL" and ending["cpu"] >= limits.notebook_seconds):
        return f"it used up its {limits.notebook_seconds:g} seconds of processor time ({name})"
    if name == "SIGKILL":
        return (
            f"it was killed ({name}), most likely because the machine had no memory left when it held "
            f"{ending['peak'] / 2**20:,.0f} MB ({memory}), unless it killed itself"
        )
    if name in ("SIGSEGV", "SIGBUS", "SIGABRT"):
        return f"it crashed ({name}), {_IN_COMPILED_CODE} ({memory})"
    if name == "SIGXFSZ":
        return f"it wrote a file of more than {limits.file_bytes / 2**20:,.0f} MB ({name})"
    return f"it was stopped by {name}"
