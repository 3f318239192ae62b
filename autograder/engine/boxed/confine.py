"""The walls around a student's process, and which of them stand."""

import ctypes
import os
import resource
import signal

from . import landlock, namespaces, syscalls

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP = 1, 24

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
# Readable on any machine and the same for everybody. /etc/passwd and other /etc files are not among them.
SYSTEM = (
    "/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/opt/conda/lib",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/fonts", "/etc/mime.types",
    "/etc/alternatives", "/sys/devices/system/cpu",
)  # fmt: skip
PROC = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory")

_libc = ctypes.CDLL(None, use_errno=True)


class NotConfined(RuntimeError):
    """The host offers too little to grade unknown code; the text says what is missing."""


def enter(scratch, rules, filters, limits):
    """Confine this process for good.

    Parameters
    ----------
    scratch : str
        The only folder it may write to.
    rules : list of (str, int)
        What it may read, for Landlock.
    filters : bytes or None
        From `syscalls.compiled`; None where there is no libseccomp.
    limits : dict
        See `autograder.engine.limits.Limits`.

    Returns
    -------
    list of str
        Names of the layers that are on.
    """
    layers = ["session", "rlimits"]
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.setsid()
    _limit_resources(limits)
    _drop_capabilities()
    if landlock.version():
        own = [(scratch, landlock.WRITE), *((path, landlock.DEVICE) for path in DEVICES)]
        landlock.restrict(rules + own + [(path, landlock.READ) for path in PROC])
        layers.append(f"landlock {landlock.version()}")
    if filters is not None:
        _libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, which an ordinary user needs for a filter
        syscalls.restrict(filters)
        layers.append("seccomp")
    return layers


def missing(layers):
    """What stands between these layers and safe grading; empty when nothing does.

    Parameters
    ----------
    layers : list of str
        From `enter`, plus ``"namespaces"`` when the fork server is in namespaces of its own.

    Returns
    -------
    list of str
    """
    names = {layer.split()[0] for layer in layers}
    gaps = []
    if not names & {"landlock", "namespaces"}:
        gaps.append("neither Landlock (Linux 5.13 or later) nor user namespaces: a submission could read the solutions")
    if "seccomp" not in names:
        gaps.append(
            "no seccomp (install libseccomp and pyseccomp): a submission could use the network and leave processes"
        )
    return gaps


def offered():
    """Layers that this host offers, found without starting anything."""
    layers = ["session", "rlimits"]
    if landlock.version():
        layers.append(f"landlock {landlock.version()}")
    if syscalls.available():
        layers.append("seccomp")
    return layers + (["namespaces"] if namespaces.allowed() else [])


def require(layers):
    """Raise `NotConfined` unless these layers suffice."""
    gaps = missing(layers)
    if gaps:
        raise NotConfined(
            f"Grading stopped: this host cannot confine submissions ({'; '.join(gaps)}). "
            "If you trust every student, pass --allow-unconfined or set AUTOGRADER_ALLOW_UNCONFINED=1."
        )


def _limit_resources(limits):
    def limit(kind, value, more=0):
        _, hard = resource.getrlimit(kind)
        value, most = (
            amount if hard == resource.RLIM_INFINITY else min(amount, hard) for amount in (value, value + more)
        )
        resource.setrlimit(kind, (value, most))

    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, 256)
    limit(resource.RLIMIT_FSIZE, limits["file_bytes"])
    limit(resource.RLIMIT_CPU, int(limits["notebook_seconds"]) + 5, 5)  # SIGXCPU says what it is; SIGKILL comes later
    limit(resource.RLIMIT_AS, address_space() + limits["memory_bytes"])
    if os.getuid() != 0:  # counts all processes of the user, so it can only be a generous ceiling on threads
        limit(resource.RLIMIT_NPROC, 4096)


def address_space():
    """Bytes of address space in use: much of torch's is reserved and never touched, so a limit must come on top."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # no /proc in this namespace: what torch and its friends take, rounded up
        return 8 * 2**30


def _drop_capabilities():
    """Root of a namespace, or of the machine, becomes an ordinary user as far as the kernel is concerned."""
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _libc.capset(header, (ctypes.c_uint32 * 6)())
