"""Seeds, threads and plotting style of a notebook: the one place where they are set."""

import os
import random
import sys

import numpy as np

from utils import plotting


def setup(seed=0):
    """Prepare a notebook: house plotting style, one thread, seeded random numbers.

    Parameters
    ----------
    seed : int
        Seed of the returned generator and of Python's, NumPy's and (once it is imported) torch's global generators.

    Returns
    -------
    numpy.random.Generator
        Generator for the notebook's own random numbers.
    """
    use_one_thread()
    plotting.use_house_style()
    seed_everything(seed)
    return np.random.default_rng(seed)


def use_one_thread():
    """Let torch and BLAS use one thread.

    The models here are too small for a second one to help, and two torch processes with the default number of threads
    wait for each other's spinning threads: 30 to 60 times slower, measured.
    """
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    if "torch" in sys.modules:  # the variables above are read when torch is imported; afterwards torch must be told
        sys.modules["torch"].set_num_threads(1)


def seed_everything(seed):
    """Seed Python's, NumPy's and torch's global random generators.

    torch is seeded only when it has been imported already: a notebook that does not use it must not wait for it.

    Parameters
    ----------
    seed : int
        Any non-negative integer below 2**32.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (students do call np.random.* in their answers)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
