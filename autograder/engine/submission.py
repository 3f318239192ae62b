"""Reading a submission from its folder: only regular files, none too large, nothing through a link."""

import hashlib
import os
import stat
from pathlib import Path

SUFFIXES = set(".csv .gif .jpeg .jpg .json .md .npy .npz .png .pt .svg .toml .tsv .txt .yaml .yml".split())
MAX_FILE = 20 * 2**20
MAX_FILES = 200
MAX_TOTAL = 100 * 2**20
NOTEBOOK_BYTES = 65 * 2**20  # one more than `sanitise` accepts, so that it is the one to refuse


def read_regular(path, limit):
    """Content of a file, or None unless it is a regular file reached through no link at its end.

    Parameters
    ----------
    path : path
    limit : int
        Bytes read at most.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        return file.read(limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def read_notebook(folder, name):
    """Content of a submitted notebook, or None."""
    return read_regular(Path(folder) / f"{name}.ipynb", NOTEBOOK_BYTES)


def extra_files(folder):
    """Data files that came with a submission.

    Returns
    -------
    files : dict of str to bytes
        By path relative to the folder.
    remarks : list of str
        Which ones were refused.
    """
    files, refused, total = {}, [], 0
    for where, folders, names in os.walk(folder, followlinks=False):
        for name in [*folders]:
            if os.path.islink(os.path.join(where, name)) or name.startswith("."):
                folders.remove(name)
        for name in sorted(names):
            path = os.path.join(where, name)
            relative = os.path.relpath(path, folder)
            if name.startswith(".") or name.endswith(".ipynb") or relative == "timestamp.txt":
                continue
            content = read_regular(path, MAX_FILE + 1) if Path(name).suffix.lower() in SUFFIXES else None
            total += len(content or b"")
            if content is None or len(content) > MAX_FILE or total > MAX_TOTAL or len(files) >= MAX_FILES:
                refused.append(relative)
                continue
            files[relative] = content
    names = ", ".join(ascii(name) for name in refused[:10])
    remarks = [
        f"Not taken over: {names}{' and others' if len(refused) > 10 else ''} (no data file, a link, or too large)."
    ]
    return files, remarks if refused else []


def digest(parts):
    """Hash of a submission: of pairs of a name and a content, which may be None."""
    total = hashlib.sha256()
    for name, content in sorted(parts):
        content = b"\0absent" if content is None else content
        total.update(f"{len(name.encode())}:{len(content)}:".encode() + name.encode() + content)
    return total.hexdigest()


def read_parts(folder, notebooks):
    """Everything that counts of a submission.

    Parameters
    ----------
    folder : path
    notebooks : list of str

    Returns
    -------
    contents : dict of str to bytes or None
        By notebook.
    files : dict of str to bytes
    remarks : list of str
    stamp : bytes or None
        Content of timestamp.txt.
    """
    contents = {name: read_notebook(folder, name) for name in notebooks}
    files, remarks = extra_files(folder)
    return contents, files, remarks, read_regular(Path(folder) / "timestamp.txt", 200)


def parts_digest(contents, files, stamp):
    """Hash of what `read_parts` returns."""
    named = [(f"{name}.ipynb", content) for name, content in contents.items()]
    return digest([*named, *files.items(), ("timestamp.txt", stamp)])


def folder_digest(folder, notebooks):
    """Hash of a submission in its folder."""
    contents, files, _, stamp = read_parts(folder, notebooks)
    return parts_digest(contents, files, stamp)
