"""The fine-tuned model that every run of chapter 9 starts from, kept as a file so that all numbers are comparable.

The file holds what `supervised_fine_tuning()` with its default arguments gave, rounded to half precision. A processor
that adds in another order gives other last digits, and training makes them grow; therefore the file.
"""

from pathlib import Path

import numpy as np
import torch

from utils.tinylm.model import TinyLM

FILE = Path(__file__).with_name("reference.npz")


def load_reference():
    """Load the reference.

    Returns
    -------
    TinyLM
        Frozen, with equal weights at each call.
    """
    model = TinyLM()
    with np.load(FILE) as weights:
        model.load_state_dict({name: torch.from_numpy(weights[name].astype(np.float32)) for name in weights.files})
    return model.frozen()


def write_reference(model, path=FILE):
    """Save a model's weights as the reference; maintainers only: `write_reference(supervised_fine_tuning()[0])`.

    Parameters
    ----------
    model : TinyLM
    path : pathlib.Path
    """
    np.savez_compressed(path, **{name: weight.half().numpy() for name, weight in model.state_dict().items()})
