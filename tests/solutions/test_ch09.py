"""Chapter 9's reference functions and tiny language model against independent computations."""

import itertools
import json
import math

import numpy as np
import pytest
import torch
from scipy.stats import t as student_t
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tests.measurements import ch09 as measurements
from utils import tinylm
from utils.solutions import ch00
from utils.solutions import ch09 as solutions
from utils.tinylm.task import LENGTH, PAD, PROMPT, STOP, WARMTH


def llama(d, layers, vocabulary, d_ff, outputs):
    """LLaMA's parameters as torch layers without memory."""
    linear = [nn.Linear(d, d, bias=False) for _ in range(4 * layers)]
    linear += [nn.Linear(d, d_ff, bias=False) for _ in range(3 * layers)]
    norms = [nn.RMSNorm(d) for _ in range(2 * layers + 1)]
    return nn.ModuleList([nn.Embedding(vocabulary, d), *linear, *norms, nn.Linear(d, outputs, bias=False)])


def test_sizes_against_torch_layers():
    with torch.device("meta"):
        base = llama(4096, 32, 32_000, 11_008, outputs=32_000)
        scalar = llama(4096, 32, 32_000, 11_008, outputs=1)
    assert tinylm.n_parameters(base) == solutions.transformer_parameters(4096, 32, 32_000, 11_008) == 6_738_415_616
    assert tinylm.n_parameters(scalar) == solutions.reward_model_parameters(4096, 32, 32_000, 11_008) == 6_607_347_712


def test_memory_against_the_bytes_that_tensors_take():
    def n_bytes(tensors):
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    frozen = tinylm.TinyLM().bfloat16()
    trained = tinylm.TinyLM().bfloat16()
    trained(torch.zeros(1, 5, dtype=torch.long)).sum().backward()
    master = [nn.Parameter(p.detach().float()) for p in trained.parameters()]
    optimizer = torch.optim.Adam(master)
    for p in master:
        p.grad = torch.ones_like(p)
    optimizer.step()
    moments = [state[name] for state in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    gradients = [torch.empty_like(p) for p in trained.parameters()]
    total = n_bytes([*frozen.parameters(), *trained.parameters(), *gradients, *master, *moments])
    n = tinylm.n_parameters(frozen)
    assert solutions.training_memory_gb([(n, False), (n, True)]) == pytest.approx(total / 1e9, rel=1e-12)


def test_memory_of_the_two_methods():
    rlhf = [(7e9, True), (7e9, False), (6.6e9, False), (7e9, True)]
    assert solutions.training_memory_gb(rlhf) == pytest.approx(251.2)
    assert solutions.training_memory_gb(rlhf[:2]) == pytest.approx(126)
    with pytest.raises(ValueError, match="negative"):
        solutions.training_memory_gb([(-1, True)])


def test_flops_against_a_counter():
    model = tinylm.TinyLM()
    tokens = torch.zeros(4, LENGTH, dtype=torch.long)
    n_matrices = sum(p.numel() for name, p in model.named_parameters() if p.ndim == 2 and "token" not in name)
    n_matrices -= model.body.position.weight.numel()
    with FlopCounterMode(display=False) as forward:
        loss = model(tokens).sum()
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    per_token = 4 * LENGTH * n_matrices
    assert forward.get_total_flops() / per_token == pytest.approx(2, rel=0.06)  # attention's own products come on top
    assert backward.get_total_flops() / per_token == pytest.approx(4, rel=0.12)


def test_hours_against_llamas_table():
    """LLaMA-7B: 1 T tokens, 82,432 A100-hours (Touvron et al. 2023, table 15), at about 45 % of the peak."""
    hours = solutions.dpo_gpu_hours(0.5e12, 1, 6 * 6.74e9, 0.45 * 312e12)
    assert hours == pytest.approx(82_432, rel=0.04)


def test_shaped_rewards_against_another_formula():
    """PPO of the TRL library, experimental/ppo: -kl_coef * (logprobs - ref_logprobs), the score added at the end."""
    rng = np.random.default_rng(0)
    logp, ref_logp = -rng.exponential(size=(2, 5, 7))
    score, lengths = rng.normal(size=5), np.array([7, 1, 3, 5, 6])
    padding = np.arange(7) >= lengths[:, None]
    logp_filled, ref_filled = np.where(padding, 1.0, logp), np.where(padding, 1.0, ref_logp)  # INVALID_LOGPROB
    rewards = -0.05 * (logp_filled - ref_filled)
    rewards[np.arange(5), lengths - 1] += score
    np.testing.assert_allclose(solutions.kl_shaped_rewards(score, logp, ref_logp, 0.05, ~padding), rewards)


def test_shaped_rewards_sum_to_the_penalised_score_in_expectation():
    """Over all responses of two tokens, the mean sum is E[score] - beta KL, with the KL computed from the joint law."""
    rng = np.random.default_rng(1)
    pi, ref = (rng.dirichlet(np.ones(3), size=4) for _ in range(2))  # first token, then one row for each first token
    scores = rng.normal(size=(3, 3))
    total = kl = 0.0
    for a, b in itertools.product(range(3), range(3)):
        logp, ref_logp = (np.log([[law[3, a], law[a, b]]]) for law in (pi, ref))
        p, q = pi[3, a] * pi[a, b], ref[3, a] * ref[a, b]
        total += p * solutions.kl_shaped_rewards([scores[a, b]], logp, ref_logp, 0.3, [[1, 1]]).sum()
        total -= p * scores[a, b]
        kl += p * np.log(p / q)
    assert total == pytest.approx(-0.3 * kl)


def test_shaped_rewards_refuses_shapes():
    with pytest.raises(ValueError, match="score"):
        solutions.kl_shaped_rewards([1.0, 2.0], [[0.0]], [[0.0]], 1.0, [[True]])
    with pytest.raises(ValueError, match="one shape"):
        solutions.kl_shaped_rewards([1.0], [[0.0, 1.0]], [[0.0]], 1.0, [[True]])


class TwoAnswers(nn.Module):
    """Log-probability of symbol 0, after symbol 0 and after symbol 1."""

    def __init__(self, after_0, after_1):
        super().__init__()
        log_prob = torch.tensor([after_0, after_1], dtype=torch.float64)
        self.table = nn.Parameter(torch.stack([log_prob, torch.log1p(-log_prob.exp())], dim=1))

    def forward(self, tokens):
        return self.table[tokens]


@pytest.mark.parametrize(("beta", "expected"), [(0.1, 0.6209570), (0.5, 0.3868710)])
def test_dpo_loss_on_the_worked_values(beta, expected):
    """Values of the losses of TRL and of the DPO authors' code on -10, -12, -11, -11.5."""
    policy, reference = TwoAnswers(-10.0, -12.0), TwoAnswers(-11.0, -11.5)
    winner, loser = torch.tensor([[0, 0]]), torch.tensor([[1, 0]])
    mask = torch.tensor([[False, True]])
    batch = {"winner": winner, "loser": loser, "winner_mask": mask, "loser_mask": mask}
    loss = solutions.dpo_training_step(
        policy, reference, batch, beta, lambda model: torch.optim.SGD(model.parameters(), lr=0.0)
    )
    assert loss == pytest.approx(expected, abs=5e-8)


def test_dpo_step_against_finite_differences():
    policy, reference, batches = tinylm.trial(seed=4)
    rate = 1e-3

    def loss(name, i, j, by):
        moved = {key: values.copy() for key, values in policy.items()}
        moved[name][i, j] += by
        return solutions.dpo_training_step(moved, reference, batches, 0.7, 0.0)["losses"][0]

    after = solutions.dpo_training_step(policy, reference, batches, 0.7, rate)
    for name in policy:
        for i, j in np.ndindex(policy[name].shape):
            slope = (loss(name, i, j, 1e-6) - loss(name, i, j, -1e-6)) / 2e-6
            assert after["policy"][name][i, j] == pytest.approx(policy[name][i, j] - rate * slope, abs=1e-9)
    assert all(np.array_equal(after["reference"][name], reference[name]) for name in reference)


def test_dpo_loss_equals_chapter_0s_loss_of_implicit_rewards():
    policy, reference, batches = tinylm.trial(seed=5, scale=1e5)
    rewards = {}
    for side in ("winner", "loser"):
        tokens, mask = torch.as_tensor(batches[0][side]), torch.as_tensor(batches[0][f"{side}_mask"])
        models = (tinylm.weights.Bigram(weights) for weights in (policy, reference))
        with torch.no_grad():
            first, second = (tinylm.sequence_log_prob(model, tokens, mask) for model in models)
        rewards[side] = 0.3 * (first - second).numpy()
    expected = ch00.bradley_terry(rewards["winner"], rewards["loser"])
    assert solutions.dpo_training_step(policy, reference, batches, 0.3, 0.0)["losses"][0] == pytest.approx(expected)


# --- the tiny language model ------------------------------------------------------------------------------------------


def slow_true_reward(text):
    order, said = (part.split() for part in text.split(" :"))
    reward, named = 0.0, set()
    for dish in (word for word in said if word in "abcdefgh"):
        reward += 1 if dish in order and dish not in named else -1
        named.add(dish)
    marks = said.count("!")
    return reward + [0, 1, 1.5][min(marks, 2)] - max(marks - 2, 0)


@pytest.fixture(scope="module")
def reference():
    return tinylm.load_reference()


def said(policy, n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tinylm.sample(policy, tinylm.draw_prompts(n, generator), generator)


def test_true_reward_against_a_slow_one(reference):
    generator = torch.Generator().manual_seed(0)
    random_ = torch.randint(9, (200, LENGTH), generator=generator)
    random_[:, :PROMPT] = tinylm.draw_prompts(200, generator)
    random_[torch.arange(200), torch.randint(PROMPT, LENGTH, (200,), generator=generator)] = STOP
    for row in torch.cat([said(reference, 100), random_]):
        stop = row.tolist().index(STOP) if STOP in row.tolist() else LENGTH
        expected = slow_true_reward(tinylm.text(row[:stop]))
        assert tinylm.true_reward(row[None]).item() == pytest.approx(expected)


def test_the_best_response_is_worth_four_and_a_half():
    row = torch.tensor([[0, 1, 2, 9, 2, 0, 1, WARMTH, WARMTH, STOP, *[PAD] * 4]])
    assert tinylm.true_reward(row).item() == 4.5


def test_sizes_of_the_tiny_model(reference):
    assert tinylm.n_parameters(reference) == 102_528
    assert tinylm.n_parameters(tinylm.RewardModel(reference)) == 102_528 - 12 * 64 + 64


def test_the_model_is_causal(reference):
    tokens = said(reference, 5)
    changed = tokens.clone()
    changed[:, 8:] = STOP
    torch.testing.assert_close(reference(tokens)[:, :8], reference(changed)[:, :8])


def test_samples_follow_the_model(reference):
    """Frequencies of whole responses to one order agree with their probabilities."""
    generator = torch.Generator().manual_seed(0)
    prompt = torch.tensor([[3, 1, 6, 9]]).expand(4000, -1)
    tokens = tinylm.sample(reference, prompt, generator)
    distinct, counts = tokens.unique(dim=0, return_counts=True)
    likelihood = tinylm.sequence_log_prob(reference, distinct, tinylm.response_mask(distinct)).exp().numpy()
    common = likelihood > 0.01
    deviation = (counts.numpy() - 4000 * likelihood) / np.sqrt(4000 * likelihood * (1 - likelihood))
    assert common.sum() >= 10
    assert np.abs(deviation[common]).max() < 4.5


def test_kl_agrees_with_the_mean_log_ratio(reference):
    warm = torch.eye(tinylm.VOCABULARY)[WARMTH]
    tokens = said(lambda t: reference(t) + warm, 3000)
    mask = tinylm.response_mask(tokens)
    ratio = tinylm.sequence_log_prob(lambda t: reference(t) + warm, tokens, mask)
    ratio = ratio - tinylm.sequence_log_prob(reference, tokens, mask)
    kl = tinylm.response_kl(lambda t: reference(t) + warm, reference, tokens)
    error = math.hypot(ratio.std().item(), kl.std().item()) / 3000**0.5
    assert kl.mean().item() == pytest.approx(ratio.mean().item(), abs=4.5 * error)
    assert kl.var() < ratio.var()


def test_best_of_n_against_all_subsets(reference):
    candidates = said(reference, 16).view(2, 8, LENGTH)

    def score(tokens):
        return (tokens * torch.arange(1, LENGTH + 1) ** 2).sum(1) % 997 / 10.0

    for n in (1, 2, 5, 8):
        learned, true = tinylm.best_of_n(candidates, score, [n])
        subsets = [max(subset, key=lambda row: score(row[None]).item()) for rows in candidates
                   for subset in itertools.combinations(rows, n)]  # fmt: skip
        assert learned[0] == pytest.approx(np.mean([score(row[None]).item() for row in subsets]))
        assert true[0] == pytest.approx(np.mean([tinylm.true_reward(row[None]).item() for row in subsets]))


@pytest.mark.parametrize(("n", "kl"), [(1, 0), (2, 0.1931), (4, 0.6363), (16, 1.8351), (64, 3.1745), (1000, 5.9088)])
def test_best_of_n_kl_against_the_published_values(n, kl):
    assert tinylm.best_of_n_kl(n) == pytest.approx(kl, abs=5e-5)


def test_the_reference_is_a_fresh_run_of_fine_tuning(reference):
    fresh, losses = tinylm.supervised_fine_tuning()
    assert tinylm.measure(fresh, reference, n=500).kl < 0.1  # another processor's last digits grow in training
    assert losses[-1] < 1.1 < losses[0]


def test_equal_seeds_give_equal_bits(reference):
    pairs = tinylm.sample_preferences(reference, 64, seed=3)
    again = tinylm.sample_preferences(reference, 64, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(pairs, again, strict=True))
    for train in (
        lambda: tinylm.train_reward_model(reference, *pairs, n_steps=3)[0],
        lambda: tinylm.train_dpo(solutions.dpo_training_step, reference, *pairs, n_steps=3)[0],
        lambda: tinylm.train_policy_gradient(
            solutions.kl_shaped_rewards, reference, tinylm.true_reward, n_steps=3, batch=8
        )[-1][1],
    ):
        first, second = train().state_dict(), train().state_dict()
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_students_loss_trains_the_reward_model_as_torchs_does(reference):
    pairs = tinylm.sample_preferences(reference, 200, seed=4)
    ours, losses = tinylm.train_reward_model(reference, *pairs, n_steps=20)
    theirs, students_losses = tinylm.train_reward_model(reference, *pairs, loss=ch00.bradley_terry, n_steps=20)
    np.testing.assert_allclose(students_losses, losses, atol=2e-3)
    torch.testing.assert_close(ours(pairs[0]), theirs(pairs[0]), atol=2e-2, rtol=0)


def test_policy_gradient_climbs_what_it_is_given(reference):
    def shortness(tokens):
        return -tinylm.response_mask(tokens).sum(1).float()

    before = tinylm.measure(reference, reference, shortness, n=500).learned_reward
    trained = tinylm.train_policy_gradient(solutions.kl_shaped_rewards, reference, shortness, betas=(0.05,), n_steps=25)
    assert tinylm.measure(trained[-1][1], reference, shortness, n=500).learned_reward > before + 0.5


# --- what was measured over many seeds --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured():
    return json.loads(measurements.FILE.read_text())


@pytest.mark.parametrize("way", list(measurements.WAYS))
def test_honest_pipelines_fail_exercise_9_12_less_than_once_in_a_thousand(measured, way):
    """Spread over training seeds and over the grader's samples, taken together as normal with a spread known from few seeds."""
    rows = measured[way]
    assert len(rows) >= measurements.N_EXAM_SEEDS
    true, sd, kl = (np.array([row[key] for row in rows]) for key in ("true", "sd", "kl"))
    spread = math.hypot(true.std(ddof=1), sd.max() / measurements.N_EXAM**0.5)
    known = math.sqrt(1 + 1 / len(rows))  # the mean is known from these seeds only
    assert student_t.cdf((tinylm.TARGET_REWARD - true.mean()) / (spread * known), df=len(rows) - 1) < 1e-3
    kl_spread = math.hypot(kl.std(ddof=1), 3 / measurements.N_EXAM**0.5)  # a response's divergence has an SD below 3
    assert student_t.sf((tinylm.KL_BUDGET - kl.mean()) / (kl_spread * known), df=len(rows) - 1) < 1e-3


def test_over_optimisation_shows_in_nearly_every_run(measured):
    """True reward rises, then falls; learned reward keeps rising. Best-of-n in all runs, the policy gradient in most."""
    shown = {}
    for run in measured["figure"]:
        for name, curve in run.items():
            true, learned = np.array(curve["true"]), np.array(curve["learned"])
            peak = true.argmax()
            rises_and_falls = true[peak] > 0.2 and true[-1] < true[peak] - 0.2 and learned[-1] > learned[peak]
            shown[name] = shown.get(name, 0) + rises_and_falls
    assert len(measured["figure"]) >= measurements.N_SEEDS
    assert all(n == len(measured["figure"]) for name, n in shown.items() if name.startswith("best of n"))
    assert all(n >= 0.9 * len(measured["figure"]) for n in shown.values())
