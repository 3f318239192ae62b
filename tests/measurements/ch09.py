"""How often chapter 9's runs show what the chapter says, over many seeds.

`python -m tests.measurements.ch09` takes about ten minutes on one core and adds what is missing to ``ch09.json``
beside this file, which the tests and claims of chapter 9 read. Delete that file after a change of `utils.tinylm`.
"""

import functools
import json
import sys
from pathlib import Path

import numpy as np
import torch

from utils import tinylm
from utils.solutions import ch09 as solutions

FILE = Path(__file__).with_suffix(".json")
NS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
FEW, MANY = 500, 5000  # preferences behind the two reward models
BETAS = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
N_SEEDS = 10  # of the over-optimisation figure
N_EXAM_SEEDS = 12  # of each way to solve exercise 9.12
N_EXAM = 1000  # responses that the hidden test samples


def over_optimisation(seed):
    """One run of the figure with its own preferences, reward models, candidates and policy gradient."""
    reference = tinylm.load_reference()
    candidates = tinylm.draw_candidates(reference, n_prompts=12, seed=seed + 100)
    curves = {}
    for n_pairs, n_steps in ((FEW, 120), (MANY, 250)):
        pairs = tinylm.sample_preferences(reference, n_pairs, seed=seed + 200)
        reward_model, _ = tinylm.train_reward_model(reference, *pairs, n_steps=n_steps, seed=seed)
        learned, true = tinylm.best_of_n(candidates, reward_model, NS)
        curves[f"best of n, {n_pairs}"] = {
            "learned": list(learned - learned[0]),
            "true": list(true - true[0]),
            "accuracy": tinylm.accuracy(reward_model, reference),
        }
        if n_pairs == FEW:
            checkpoints = tinylm.train_policy_gradient(
                solutions.kl_shaped_rewards, reference, reward_model, BETAS, n_steps=15, seed=seed
            )
            policies = [reference, *(policy for _, policy in checkpoints)]
            rows = [tinylm.measure(policy, reference, reward_model, seed=5) for policy in policies]
            curves[f"policy gradient, {FEW}"] = {
                "learned": [row.learned_reward - rows[0].learned_reward for row in rows],
                "true": [row.true_reward - rows[0].true_reward for row in rows],
                "kl": [row.kl for row in rows],
            }
    return curves


def by_dpo(seed, n_pairs=3000, beta=0.1, n_steps=150):
    reference = tinylm.load_reference()
    pairs = tinylm.sample_preferences(reference, n_pairs, seed=seed)
    return tinylm.train_dpo(solutions.dpo_training_step, reference, *pairs, beta=beta, n_steps=n_steps, seed=seed)[0]


def by_policy_gradient(seed, n_pairs=3000, beta=0.1):
    reference = tinylm.load_reference()
    pairs = tinylm.sample_preferences(reference, n_pairs, seed=seed)
    reward_model, _ = tinylm.train_reward_model(reference, *pairs, seed=seed)
    shaped = solutions.kl_shaped_rewards
    return tinylm.train_policy_gradient(shaped, reference, reward_model, betas=(beta,), seed=seed)[-1][1]


WAYS = {
    "DPO, 3000 pairs, beta 0.1": by_dpo,
    "DPO, 1000 pairs, beta 0.1": functools.partial(by_dpo, n_pairs=1000),
    "policy gradient, 3000 pairs, beta 0.3": functools.partial(by_policy_gradient, beta=0.3),
}


def exam(way, seed):
    """True reward, its spread over responses, and KL of one policy, from 8,000 responses."""
    result = tinylm.measure(WAYS[way](seed), tinylm.load_reference(), n=8000, seed=seed + 500)
    return {"true": result.true_reward, "sd": result.reward_error * 8000**0.5, "kl": result.kl}


def main(parts):
    """Measure what is missing; a run that was stopped goes on where it stopped."""
    torch.set_num_threads(1)
    for part in parts:
        for seed in range(N_SEEDS if part == "figure" else N_EXAM_SEEDS):
            found = json.loads(FILE.read_text()) if FILE.exists() else {}
            rows = found.setdefault(part, [])
            if seed < len(rows):
                continue
            rows.append(over_optimisation(seed) if part == "figure" else exam(part, seed))
            FILE.write_text(json.dumps(_rounded(found), indent=1) + "\n")
            print(part, seed, flush=True)


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(np.round(value, 4))


if __name__ == "__main__":
    main(sys.argv[1:] or ["figure", *WAYS])
