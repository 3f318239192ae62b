"""The plumbing around training loops."""

import numpy as np
import pytest
import torch

from utils.runtime import setup
from utils.solutions import ch00 as solutions
from utils.training import differentiable, waiting_for


def test_a_numpy_loss_gets_the_gradient_torch_would_find():
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(3, generator=generator, dtype=torch.float64, requires_grad=True)
    winners, losers = torch.randn(2, 20, 3, generator=generator, dtype=torch.float64)
    loss = differentiable(solutions.bradley_terry, winners @ weights, losers @ weights)
    loss.backward()
    ours = weights.grad.clone()
    weights.grad = None
    exact = torch.nn.functional.softplus(-(winners - losers) @ weights).mean()
    exact.backward()
    assert loss.item() == pytest.approx(exact.item(), rel=1e-12)
    torch.testing.assert_close(ours, weights.grad, rtol=1e-6, atol=1e-8)


def test_single_precision_scores_keep_their_type():
    scores = torch.tensor([0.5, -1.0], requires_grad=True)
    loss = differentiable(lambda values: float(np.sum(values**2)), scores)
    loss.backward()
    torch.testing.assert_close(scores.grad, torch.tensor([1.0, -2.0]), rtol=1e-4, atol=1e-5)


def test_waiting_for_is_quiet_about_unanswered_functions_only(capsys):
    with waiting_for("0.5", "0.7"):
        raise NotImplementedError
    assert "once exercises 0.5 and 0.7 are answered" in capsys.readouterr().out
    with pytest.raises(ZeroDivisionError), waiting_for("0.5"):
        1 / 0  # noqa: B018


def test_equal_seeds_give_equal_bits():
    draws = []
    for _ in range(2):
        rng = setup(seed=3)
        draws.append((rng.random(), np.random.rand(), torch.rand(1).item()))  # noqa: NPY002
    assert draws[0] == draws[1]
    assert torch.get_num_threads() == 1
