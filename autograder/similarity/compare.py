"""What pairs of submissions share, by copydetect: tokens without names and comments, hashed in short runs.

The method is that of MOSS (Schleimer, Wilkerson and Aiken, "Winnowing", SIGMOD 2003), with every run kept, since answers
are short. Runs that the release holds do not count, and what many students have cannot make two of them a pair.
"""

import copy
import io
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass

RUN = 25  # characters of a run, names shortened to one each: copydetect's own default
FEWEST_SHARED = 150  # characters, likewise; less than this is what two people write by chance
THRESHOLD = 0.5
COMMON = (5, 0.1, 10)  # code that more students have is common: a tenth of the class, at least 5, at most 10


@dataclass(frozen=True)
class Part:
    """What two answers to one exercise share; see `Pair`. `slices` tells where the rare code is."""

    cell: str
    rare: int
    rare_share: float
    share: float
    slices: tuple


@dataclass(frozen=True)
class Pair:
    """Two submissions that share code.

    Parameters
    ----------
    students : tuple of str
    rare : int
        Characters of code that both have and few others, names shortened to one character each.
    rare_share : float
        These as a share of the rare code in the submission that has less of it.
    share : float
        The same with what many have counted in; what was handed out never counts.
    parts : tuple of Part
        Exercises in which they share rare code, the most first.
    """

    students: tuple
    rare: int
    rare_share: float
    share: float
    parts: tuple


def find_pairs(answers, given, threshold=THRESHOLD, common=None):
    """Find the pairs of submissions that share more than others do.

    A pair counts when, in one exercise or in all taken together, it shares at least `FEWEST_SHARED` characters of rare
    code, and both shares reach `threshold`: a copy is alike in everything, not in one idiom alone.

    Parameters
    ----------
    answers : dict of str to dict of str to str
        From student to cell to code.
    given : list of str
        Code that everybody was handed.
    threshold : float
        In (0, 1].
    common : int, optional
        Code that more students have than this is not rare; a tenth of the class, at least 5 and at most 10, unless given.

    Returns
    -------
    list of Pair
        Those with the most rare code in common first.

    Raises
    ------
    ValueError
        If `threshold` or `common` is out of range.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold: {threshold} is not between 0 and 1")
    if common is None:
        least, tenth, most = COMMON
        common = min(max(least, int(tenth * len(answers))), most)
    if common < 2:
        raise ValueError(f"common: {common} is less than 2, so that no pair could share anything")
    own, rare = _fingerprints(answers, given, common)
    pairs = []
    for students in _candidates(rare):
        pair = _compare(students, own, rare)
        if any(
            found.rare >= FEWEST_SHARED and min(found.rare_share, found.share) >= threshold
            for found in (pair, *pair.parts)
        ):
            pairs.append(pair)
    return sorted(pairs, key=lambda pair: (-pair.rare, -pair.share, pair.students))


def _fingerprints(answers, given, common):
    """Fingerprints by student and cell, without what was handed out; and again, without what many have."""
    handed = set().union(*(_fingerprint(code).hashes for code in given))
    own = {
        student: {cell: _without(_fingerprint(code), handed) for cell, code in written.items()}
        for student, written in answers.items()
    }
    owners = Counter()
    for written in own.values():
        owners.update(set().union(*(fingerprint.hashes for fingerprint in written.values())))
    frequent = {run for run, n in owners.items() if n > common}
    rare = {
        student: {cell: _without(fingerprint, frequent) for cell, fingerprint in written.items()}
        for student, written in own.items()
    }
    return own, rare


def _fingerprint(code):
    from copydetect import CodeFingerprint

    return CodeFingerprint("answer.py", RUN, 1, fp=io.StringIO(code), language="python")


def _without(fingerprint, runs):
    """A fingerprint without some runs.

    copydetect does this itself when it is told them beforehand; what is common is known only afterwards.
    """
    from copydetect.utils import get_token_coverage

    less = copy.copy(fingerprint)
    less.hash_idx = {run: places for run, places in fingerprint.hash_idx.items() if run not in runs}
    less.hashes = set(less.hash_idx)
    less.token_coverage = get_token_coverage(less.hash_idx, RUN, len(less.filtered_code))
    return less


def _candidates(rare):
    """Pairs that share enough rare runs to be worth a look; each run has few owners, so these are few."""
    owners = defaultdict(list)
    for student, written in rare.items():
        for cell, fingerprint in written.items():
            for run in fingerprint.hashes:
                owners[cell, run].append(student)
    counts = Counter()
    for students in owners.values():
        counts.update(itertools.combinations(sorted(students), 2))
    return sorted(pair for pair, n in counts.items() if n >= FEWEST_SHARED // RUN)


def _compare(students, own, rare):
    parts, total = [], _Overlap()
    total_own = _Overlap()
    for cell in sorted(rare[students[0]].keys() | rare[students[1]].keys()):
        overlap, slices = _overlap(students, cell, rare)
        overlap_own, _ = _overlap(students, cell, own)
        total, total_own = total + overlap, total_own + overlap_own
        if overlap.shared:
            parts.append(Part(cell, overlap.shared, overlap.share, overlap_own.share, slices))
    parts.sort(key=lambda part: (-part.rare, part.cell))
    return Pair(students, total.shared, total.share, total_own.share, tuple(parts))


@dataclass(frozen=True)
class _Overlap:
    """Characters that each of two has of what both have, and of what counts at all."""

    common: tuple = (0, 0)
    counted: tuple = (0, 0)

    def __add__(self, other):
        return _Overlap(
            tuple(map(sum, zip(self.common, other.common, strict=True))),
            tuple(map(sum, zip(self.counted, other.counted, strict=True))),
        )

    @property
    def shared(self):
        return min(self.common)

    @property
    def share(self):
        shares = (c / n for c, n in zip(self.common, self.counted, strict=True) if n)
        return float(min(1.0, max(shares, default=0.0)))


def _overlap(students, cell, prints):
    from copydetect import compare_files

    files = [prints[student].get(cell) for student in students]
    counted = tuple(int(file.token_coverage) if file else 0 for file in files)
    if None in files:
        return _Overlap(counted=counted), ()
    _, shares, slices = compare_files(*files)
    common = tuple(round(share * n) if n else 0 for share, n in zip(shares, counted, strict=True))
    return _Overlap(common, counted), slices
