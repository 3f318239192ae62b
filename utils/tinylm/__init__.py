"""A whole alignment pipeline in small: a task, a transformer of about 100,000 weights, and the loops that train it.

`task` holds the task and its true reward, `model` the networks, `sampling` what a policy says, `training` the loops,
`measuring` rewards and divergences, `reference` the fine-tuned model that every run of chapter 9 starts from.
"""

from utils.tinylm.exam import KL_BUDGET, TARGET_REWARD, examine
from utils.tinylm.measuring import accuracy, best_of_n, best_of_n_kl, draw_candidates, measure
from utils.tinylm.model import RewardModel, TinyLM, n_parameters
from utils.tinylm.reference import load_reference
from utils.tinylm.sampling import response_kl, sample, sequence_log_prob, token_log_probs
from utils.tinylm.task import (
    SYMBOLS,
    VOCABULARY,
    count_marks,
    demonstrations,
    draw_prompts,
    response_mask,
    text,
    true_reward,
)
from utils.tinylm.training import (
    make_batch,
    sample_preferences,
    supervised_fine_tuning,
    train_dpo,
    train_policy_gradient,
    train_reward_model,
)
from utils.tinylm.weights import takes_weights, trial

__all__ = [
    "KL_BUDGET", "SYMBOLS", "TARGET_REWARD", "VOCABULARY", "RewardModel", "TinyLM", "accuracy", "best_of_n",
    "best_of_n_kl", "count_marks", "demonstrations", "draw_candidates", "draw_prompts", "examine", "load_reference",
    "make_batch", "measure", "n_parameters", "response_kl", "response_mask", "sample", "sample_preferences",
    "sequence_log_prob", "supervised_fine_tuning", "takes_weights", "text", "token_log_probs", "train_dpo",
    "train_policy_gradient", "train_reward_model", "trial", "true_reward",
]  # fmt: skip
