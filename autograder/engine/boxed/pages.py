"""Large pages for the fork server's memory."""

import ctypes

_COLLAPSE = 25  # MADV_COLLAPSE
_LARGE = 2 * 2**20


def enlarge():
    """Put the memory of this process into large pages where the kernel can (Linux 6.1 and later); returns bytes."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    total = 0
    with open("/proc/self/maps") as file:
        lines = file.read().splitlines()
    for line in lines:
        span, modes, _, _, inode, *_ = line.split(maxsplit=5)
        if inode != "0" or not modes.startswith("rw-p"):
            continue
        start, end = (int(part, 16) for part in span.split("-"))
        start, end = -(-start // _LARGE) * _LARGE, end // _LARGE * _LARGE
        if start < end:
            if libc.madvise(start, end - start, _COLLAPSE) == 0:
                total += end - start
            else:
                import sys

                print("no", line, ctypes.get_errno(), file=sys.__stderr__)
    return total
