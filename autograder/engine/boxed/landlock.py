"""Landlock: a process gives up the file system but for a list of places (Linux 5.13 and later, any user).

See https://docs.kernel.org/userspace-api/landlock.html. The C library has no wrappers, so these are the raw calls.
"""

import ctypes
import os

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on all architectures
_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << i for i in range(6))
_MAKE_DIR, _MAKE_REG = 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

READ = _READ_FILE | _READ_DIR | _EXECUTE  # "execute" lets shared libraries of freshly imported modules be mapped
LIST = _READ_DIR
# Inside its scratch folder a submission makes files and folders; no links, sockets, pipes or devices.
WRITE = _READ_FILE | _WRITE_FILE | _READ_DIR | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
DEVICE = _READ_FILE | _WRITE_FILE

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version():
    """Landlock ABI of this kernel; 0 where there is none."""
    return max(0, _libc.syscall(_CREATE, None, 0, 1))


def handled(abi):
    """Rights on files that a kernel with this ABI can take away."""
    rights = (1 << 13) - 1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        if abi >= since:
            rights |= right
    return rights


def restrict(rules):
    """Keep only the listed rights, for this thread and all its descendants, for ever.

    Parameters
    ----------
    rules : list of (str, int)
        Paths with the rights kept on them and on everything below; paths that do not exist are left out.

    Raises
    ------
    OSError
    """
    abi = version()
    everything = handled(abi)
    attributes = _Ruleset(everything, 0b11 if abi >= 4 else 0, 0b11 if abi >= 6 else 0)  # no TCP; no signals outside
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _check(_libc.syscall(_CREATE, ctypes.byref(attributes), size, 0))
    try:
        for path, rights in rules:
            try:
                parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                allowed = rights & everything & (-1 if os.path.isdir(path) else _ON_FILES)
                _check(_libc.syscall(_ADD, ruleset, 1, ctypes.byref(_Beneath(allowed, parent)), 0))
            finally:
                os.close(parent)
        _check(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
        _check(_libc.syscall(_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def reading_rules(trees, hidden):
    """Rules that let trees be read but for what is hidden below them.

    Landlock only ever adds rights downwards, so a tree with a hidden place inside is opened entry by entry. Names in
    the folders on the way stay visible, contents do not.

    Parameters
    ----------
    trees, hidden : list of str

    Returns
    -------
    list of (str, int)
    """
    hidden = [os.path.realpath(path) for path in hidden]
    rules = []

    def open_tree(path):
        if path in hidden:
            return
        if not any(place.startswith(path.rstrip("/") + "/") for place in hidden):
            rules.append((path, READ))
            return
        rules.append((path, LIST))
        for name in sorted(os.listdir(path)):
            open_tree(os.path.realpath(os.path.join(path, name)))

    for tree in trees:
        open_tree(os.path.realpath(tree))
    return list(dict.fromkeys(rules))
