"""Namespaces: the fork server sees a file system of its own, no network and no process but its children.

The fork server enters them once, before any submission, so they cost nothing per submission. They need user
namespaces, which some hosts forbid (containers, Ubuntu's AppArmor profile); then Landlock and seccomp stand alone.
"""

import ctypes
import os
import signal
import stat
import sys

_NEWNS, _NEWUTS, _NEWIPC = 0x00020000, 0x04000000, 0x08000000
_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(os.uname().machine)
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def enter(readable, writable, hidden):
    """Move this process into namespaces of its own.

    Returns twice removed: the caller goes on as process 1 of the new process namespace, while the process it was waits
    for it and ends with its status.

    Parameters
    ----------
    readable : list of str
        Folders and files that stay visible, read-only.
    writable : list of str
        Folders that stay writable.
    hidden : list of str
        Places below readable folders that are covered by an empty folder.

    Returns
    -------
    list of str
        The namespaces entered; empty, and nothing changed, where the host forbids them.
    """
    if not allowed():
        return []
    user, group = os.getuid(), os.getgid()
    _call(_libc.unshare, _NEWUSER | _NEWNS | _NEWUTS | _NEWIPC | _NEWNET | _NEWPID)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    pid = os.fork()  # the child is the first process of the new process namespace
    if pid:
        _stand_by(pid)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _build_root(readable, writable, hidden)
    return ["user", "mount", "uts", "ipc", "net", "pid"]


def allowed():
    """Whether the host allows it, tried in a process that is thrown away: half entered namespaces cannot be left."""
    if _PIVOT_ROOT is None:
        return False
    pid = os.fork()
    if pid == 0:
        try:
            user, group = os.getuid(), os.getgid()
            _call(_libc.unshare, _NEWUSER | _NEWNS | _NEWUTS | _NEWIPC | _NEWNET | _NEWPID)
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"{user} {user} 1")
            _write("/proc/self/gid_map", f"{group} {group} 1")
            _mount(None, "/", None, _REC | _PRIVATE)
            _mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _stand_by(pid):
    _, status = os.waitpid(pid, 0)
    sys.stdout.flush()
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _build_root(readable, writable, hidden):
    """An empty root folder, with what is needed bound into it at its old path."""
    _mount(None, "/", None, _REC | _PRIVATE)
    root = "/tmp"
    # What lies below /tmp is about to be covered by the new root: it is reached through its descriptor.
    sources = {path: os.open(path, os.O_PATH) for path in [*readable, *writable] if os.path.exists(path)}
    hidden = [path for path in hidden if os.path.exists(path)]
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    for path in sorted({*sources, *hidden}):  # from the outside in: what is nearer to a file decides
        if path not in sources:
            _mount("tmpfs", root + path, "tmpfs", _NOSUID | _NODEV, "size=64k,mode=755")
            continue
        source, target = sources[path], root + path
        if os.path.islink(path):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.symlink(os.readlink(path), target)
            continue
        if stat.S_ISDIR(os.fstat(source).st_mode):
            os.makedirs(target, exist_ok=True)
        elif not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            open(target, "a").close()
        _mount(f"/proc/self/fd/{source}", target, None, _BIND | _REC)
        if path not in writable and not path.startswith("/dev/"):
            _remount_read_only(target)
    for source in sources.values():
        os.close(source)
    os.makedirs(root + "/proc", exist_ok=True)
    try:
        _mount("proc", root + "/proc", "proc", _NOSUID | _NODEV)
    except OSError:
        pass  # a container that masks parts of /proc forbids a new one: then there is none
    os.makedirs(root + "/.old", exist_ok=True)
    os.chdir(root)
    _call(_libc.syscall, _PIVOT_ROOT, b".", b".old")
    os.chdir("/")
    _call(_libc.umount2, b"/.old", _DETACH)
    os.rmdir("/.old")
    _remount_read_only("/")


def _remount_read_only(target):
    """Make a bind mount read-only, keeping the flags that a user namespace must not drop."""
    flags = os.statvfs(target).f_flag
    kept = 0
    for seen, flag in ((os.ST_NOSUID, _NOSUID), (os.ST_NODEV, _NODEV), (os.ST_NOEXEC, 8), (os.ST_NOATIME, 1024)):
        kept |= flag if flags & seen else 0
    kept |= (1 << 21) if flags & os.ST_RELATIME else 0
    _mount(None, target, None, _REMOUNT | _BIND | _RDONLY | kept)


def _mount(source, target, kind, flags, data=None):
    def text(value):
        return None if value is None else os.fsencode(value)

    _call(_libc.mount, text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data))


def _call(function, *arguments):
    if function(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)
