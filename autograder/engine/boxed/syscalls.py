"""seccomp: the system calls that a submission has no use for.

Reading files is Landlock's business. Here go: new processes, other programs, the network, signals to others, other
processes' memory, mounts and namespaces, and the calls that change a file's owner, mode or times, over which Landlock
has no say.
"""

import errno
import os

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


def available():
    """Whether libseccomp is here."""
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        return False
    return True


def restrict():
    """Give the calls up, for this process and all its descendants, for ever.

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
    me = os.getpid()
    for name in ("kill", "tgkill"):
        rule(deny, name, seccomp.Arg(0, seccomp.NE, me))
    rule(deny, "tkill")
    rule(deny, "prlimit64", seccomp.Arg(2, seccomp.NE, 0))  # reading limits is fine
    for option in (_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_MM, _PR_SET_PTRACER):
        rule(deny, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    filters.load()


def _unknown(seccomp, name):
    try:
        return seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) < 0
    except (ValueError, RuntimeError, OSError, AttributeError):
        return True
