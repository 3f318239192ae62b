"""seccomp: the system calls that a submission has no use for.

Reading files is Landlock's business. Here go: new processes, other programs, the network, signals to others, other
processes' memory, mounts and namespaces, and the calls that change a file's owner, mode or times, over which Landlock
has no say.
"""

import ctypes
import errno
import os
import struct

NEW_PROCESSES = ("fork", "vfork", "execve", "execveat")
NETWORK = ("socket", "connect", "bind", "listen", "accept", "accept4")
OTHERS = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp",
    "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "setpgid", "setsid", "setpriority", "ioprio_set", "sched_setaffinity", "sched_setscheduler", "sched_setattr",
)  # fmt: skip
LEFT_BEHIND = ("shmget", "shmat", "msgget", "semget", "mq_open", "mq_unlink")  # outlive the process
PRIVILEGES = (
    "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount", "fsopen", "fsmount",
    "fsconfig", "fspick", "mount_setattr", "bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl",
    "io_uring_setup", "io_uring_enter", "io_uring_register", "init_module", "finit_module", "delete_module",
    "kexec_load", "kexec_file_load", "personality", "quotactl", "reboot", "swapon", "swapoff", "sethostname",
    "setdomainname", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "acct", "iopl", "ioperm", "syslog",
    "vhangup", "nfsservctl", "lookup_dcookie", "name_to_handle_at", "open_by_handle_at", "fanotify_init", "mknod",
    "mknodat", "symlink", "symlinkat", "link", "linkat", "truncate", "memfd_secret", "setrlimit",
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid", "capset",
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
)  # fmt: skip
# Harmless programs (shutil.copy, zipfile) set modes and times on their own files: they are told it worked.
PRETENDED = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "utime", "utimes", "utimensat", "futimesat",
)  # fmt: skip

_CLONE_THREAD = 0x00010000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_MM, _PR_SET_PTRACER = 1, 4, 35, 0x59616D61
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_SELF = 0x5E1F5E1F  # stands for the number of the process that loads the filter; no process can have it

_INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter
_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def available():
    """Whether libseccomp is here."""
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        return False
    return True


def compiled():
    """The filter as a program for the kernel, with a placeholder for the process it will guard.

    Compiling takes longer than all the rest of confining a process, so the fork server does it once.

    Returns
    -------
    bytes
        Instructions of classic BPF.

    Raises
    ------
    OSError
    """
    import pyseccomp as seccomp

    filters = seccomp.SyscallFilter(seccomp.ALLOW)
    deny = seccomp.ERRNO(errno.EPERM)

    def rule(action, name, *arguments):
        try:
            filters.add_rule(action, name, *arguments)
        except (ValueError, RuntimeError, OSError) as problem:
            if _unknown(seccomp, name):  # a call that this architecture or libseccomp has never heard of
                return
            raise OSError(f"seccomp: no rule for {name}: {problem}") from None

    for name in NEW_PROCESSES + NETWORK + OTHERS + LEFT_BEHIND + PRIVILEGES:
        rule(deny, name)
    for name in PRETENDED:
        rule(seccomp.ERRNO(0), name)
    # Threads are fine (torch may start some); glibc asks by clone3, whose flags a filter cannot see, and then by clone.
    rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    rule(deny, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0))
    for name in ("kill", "tgkill"):
        rule(deny, name, seccomp.Arg(0, seccomp.NE, _SELF))
    rule(deny, "tkill")
    rule(deny, "prlimit64", seccomp.Arg(2, seccomp.NE, 0))  # reading limits is fine
    for option in (_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_MM, _PR_SET_PTRACER):
        rule(deny, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    with open(os.memfd_create("filter"), "w+b") as file:
        filters.export_bpf(file)
        file.seek(0)
        return file.read()


def restrict(program):
    """Give the calls up, for this process and all its descendants, for ever.

    Parameters
    ----------
    program : bytes
        From `compiled`.

    Raises
    ------
    OSError
    """
    instructions = [list(fields) for fields in _INSTRUCTION.iter_unpack(program)]
    for fields in instructions:
        if fields[3] == _SELF:
            fields[3] = os.getpid()
    code = b"".join(_INSTRUCTION.pack(*fields) for fields in instructions)
    filters = _Program(len(instructions), code)
    if _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filters), 0, 0) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _unknown(seccomp, name):
    try:
        return seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) < 0
    except (ValueError, RuntimeError, OSError, AttributeError):
        return True
