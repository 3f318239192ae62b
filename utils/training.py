"""Small pieces around torch training loops, so that a notebook shows the idea and not the plumbing."""

import contextlib

from utils.panel import Panel


@contextlib.contextmanager
def waiting_for(*exercise_ids):
    """Run a block that uses a student's own functions; while they are unanswered, say so and go on.

    Parameters
    ----------
    *exercise_ids : str
        The exercises whose functions the block calls.

    Examples
    --------
    >>> with waiting_for("0.5"):
    ...     raise NotImplementedError
    ○ This cell runs once exercise 0.5 is answered
    """
    try:
        yield
    except NotImplementedError:
        names = " and ".join(exercise_ids)
        be = "is" if len(exercise_ids) == 1 else "are"
        Panel("unanswered", f"This cell runs once exercise{'s' * (be == 'are')} {names} {be} answered").show()


def differentiable(loss, *scores, step=1e-4):
    """Let torch train through a loss that knows nothing of torch.

    Parameters
    ----------
    loss : callable
        Takes one NumPy array for each of `scores` and returns a float.
    *scores : torch.Tensor, shape (n,)
        What the loss depends on.
    step : float
        Half the width of the central differences that give the loss's slope in each score.

    Returns
    -------
    torch.Tensor
        The loss, of shape (). `backward` sends its slopes on to whatever made the scores.

    Notes
    -----
    2 n calls of `loss` for each array; the error of a slope is of the order of ``step**2``.
    """
    import numpy as np
    import torch

    arrays = [score.detach().numpy().astype(float) for score in scores]
    value = loss(*arrays)
    surrogate = 0.0
    for i, score in enumerate(scores):
        slopes = np.empty(len(arrays[i]))
        for j in range(len(slopes)):
            ends = []
            for sign in (1, -1):
                moved = [array.copy() for array in arrays]
                moved[i][j] += sign * step
                ends.append(loss(*moved))
            slopes[j] = (ends[0] - ends[1]) / (2 * step)
        surrogate = surrogate + (torch.as_tensor(slopes, dtype=score.dtype) * score).sum()
    return surrogate - surrogate.detach() + value  # the loss's value with the surrogate's gradient


def differentiable_mean(loss, scores, *constants, step=1e-4):
    """Let torch train through a loss that is the mean, over samples, of a term for each sample.

    Such a loss can be asked about each sample alone, so that the time does not grow with the square of the batch, as it
    does with `differentiable` for a loss that loops over its samples.

    Parameters
    ----------
    loss : callable
        Takes one NumPy array of shape (n,) for `scores` and one for each of `constants` and returns a float. It must
        accept any n from 1 on.
    scores : torch.Tensor, shape (n,)
        What is to be trained.
    *constants : array_like or torch.Tensor, shape (n,)
        What else the loss needs; no slopes are sent there.
    step : float
        Half the width of the central differences that give the loss's slope in each score.

    Returns
    -------
    torch.Tensor
        The loss, of shape (). `backward` sends its slopes on to whatever made the scores.

    Raises
    ------
    ValueError
        If the loss is not the mean of the single samples' losses.
    """
    import numpy as np
    import torch

    at = scores.detach().numpy().astype(float)
    constants = [np.asarray(constant, dtype=float) for constant in constants]
    value = float(loss(at, *constants))
    ends = np.empty((2, len(at)))
    for j in range(len(at)):
        alone = [constant[j : j + 1] for constant in constants]
        ends[0, j] = loss(at[j : j + 1] - step, *alone)
        ends[1, j] = loss(at[j : j + 1] + step, *alone)
    if not abs(ends.mean() - value) <= 1e-3 * (1 + abs(value)):
        raise ValueError(
            f"the loss of the batch is {value:.6g}, the mean of its samples' losses {ends.mean():.6g}: they must agree"
        )
    slopes = (ends[1] - ends[0]) / (2 * step) / len(at)
    surrogate = (torch.as_tensor(slopes, dtype=scores.dtype) * scores).sum()
    return surrogate - surrogate.detach() + value  # the loss's value with the surrogate's gradient
