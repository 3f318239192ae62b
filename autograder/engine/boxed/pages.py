"""Large pages: a fork copies a table with one entry for each page, and two megabytes of small ones are 512 entries."""

import ctypes

_MADV_COLLAPSE = 25
_LARGE = 2 * 2**20


def enlarge():
    """Put the memory of this process into large pages where the kernel can (Linux 6.1 and later).

    It takes some tenths of a second once, and halves the cost of starting and ending each student's process.

    Returns
    -------
    int
        Bytes that are in large pages now; 0 where the kernel cannot.
    """
    try:
        madvise = ctypes.CDLL(None).madvise
        with open("/proc/self/maps") as file:
            mappings = file.read().splitlines()
    except (AttributeError, OSError):
        return 0
    madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    total = 0
    for mapping in mappings:
        span, modes, _, _, inode = mapping.split()[:5]
        if inode != "0" or modes != "rw-p":  # a file's, or not ours to write to
            continue
        start, end = (int(address, 16) for address in span.split("-"))
        start, end = -(-start // _LARGE) * _LARGE, end // _LARGE * _LARGE
        if start < end and madvise(start, end - start, _MADV_COLLAPSE) == 0:
            total += end - start
    return total
