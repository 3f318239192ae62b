"""What a submission may use."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one submission; time is wall time in seconds.

    Parameters
    ----------
    call_seconds : float
        One call of a student's function by a hidden test.
    cell_seconds : float
        One cell.
    notebook_seconds : float
        The whole notebook, tests included; also the limit on processor time of each of its processes.
    memory_bytes : int
        Address space beyond what the warm process has.
    file_bytes, scratch_bytes, scratch_files : int
        Largest file, and all files of the scratch folder together.
    restarts : int
        How often a process that died is started anew, so that the other exercises can be marked.
    """

    call_seconds: float = 20.0
    cell_seconds: float = 120.0
    notebook_seconds: float = 600.0
    memory_bytes: int = 3 * 2**30
    file_bytes: int = 64 * 2**20
    scratch_bytes: int = 256 * 2**20
    scratch_files: int = 2000
    failures_per_test: int = 3

    as_dict = asdict
