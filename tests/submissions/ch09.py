"""Chapter 9, the capstone."""

from tests.submissions import ALL, Right, Wrong

# Log-probabilities and the step that the answers to 9.8 share; each answer is put together from lines, as students write.
_HEAD = """\
@tinylm.takes_weights
def dpo_training_step(policy, reference, batch, beta, optimizer_for):
"""
_POLICY = """\
    policy_w = tinylm.sequence_log_prob(policy, batch["winner"], batch["winner_mask"])
    policy_l = tinylm.sequence_log_prob(policy, batch["loser"], batch["loser_mask"])
"""
_REFERENCE = """\
    reference_w = tinylm.sequence_log_prob(reference, batch["winner"], batch["winner_mask"])
    reference_l = tinylm.sequence_log_prob(reference, batch["loser"], batch["loser_mask"])
"""
_DELTA = "    delta = (policy_w - reference_w) - (policy_l - reference_l)\n"
_LOSS = "    loss = -torch.nn.functional.logsigmoid(beta * delta).mean()\n"
_UNSTABLE = "    loss = torch.log(1 + torch.exp(-beta * delta)).mean()\n"
_CLEAR = "    optimizer_for(policy).zero_grad()\n"
_UPDATE = "    loss.backward()\n    optimizer_for(policy).step()\n"
_RETURN = "    return loss.item()\n\n\nbuggy_line_9_8 = 9\n"

# What the answers to 9.12 share: a step of DPO.
_DPO = """\
reference = tinylm.load_reference()


def step(policy, reference, batch, beta, optimizer_for):
    lp = {}
    for side in ("winner", "loser"):
        with torch.no_grad():
            ref = tinylm.sequence_log_prob(reference, batch[side], batch[side + "_mask"])
        lp[side] = tinylm.sequence_log_prob(policy, batch[side], batch[side + "_mask"]) - ref
    loss = torch.nn.functional.softplus(-beta * (lp["winner"] - lp["loser"])).mean()
    optimizer = optimizer_for(policy)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


"""
_PENALTY = """\
def shaped(score, logp, ref_logp, beta, mask):
    rewards = np.where(mask, -beta * (logp - ref_logp), 0.0)
    last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    rewards[np.arange(len(rewards)), last] += score
    return rewards


"""

BANK = {
    "9.1": [
        Right("answer_9_1 = (6738415616 - 32000 * 4096 + 4096) / 1e9", "from the base model"),
        Right("answer_9_1 = 6.61", "rounded number"),
        Right(
            "d, L, V, f = 4096, 32, 32000, 11008\nanswer_9_1 = (V * d + L * (4 * d**2 + 3 * d * f + 2 * d) + d + d) / 1e9",
            "part by part",
        ),
        Wrong("answer_9_1 = 6.74", ALL, "base model"),
        Wrong("answer_9_1 = (6738415616 - 2 * 32000 * 4096 + 4096) / 1e9", ALL, "took both embeddings away"),
        Wrong("answer_9_1 = 6607347712", ALL, "asked in billions"),
        Wrong("answer_9_1 = 6738415616 - 32000 * 4096 + 4096 - 32 * 4096 * 11008\nanswer_9_1 /= 1e9", ALL, "three matrices"),
    ],
    "9.2": [
        Right("answer_9_2 = (7 + 7 + 6.6 + 7) * 2", "formula"),
        Right("answer_9_2 = 55.2", "number"),
        Right("answer_9_2 = sum(np.array([7e9, 7e9, 6.6e9, 7e9]) * 2) / 1e9", "numpy"),
        Wrong("answer_9_2 = 7 + 7 + 6.6 + 7", ALL, "Each takes 2 bytes"),
        Wrong("answer_9_2 = (7 + 7 + 6.6) * 2", ALL, "One model is missing"),
        Wrong("answer_9_2 = 55.2e9 / 2**30", ALL, "GiB"),
        Wrong("answer_9_2 = 167.2", ALL, "still leaves gradients out"),
        Wrong("answer_9_2 = 55.2 + 224", ALL, "popular answer key"),
    ],
    "9.3": [
        Right("answer_9_3 = (7 + 7 + 6.6 + 7) * 2 - (7 + 7) * 2", "formula"),
        Right("answer_9_3 = 27.2", "number"),
        Wrong("answer_9_3 = 28", ALL, "This is what DPO needs"),
        Wrong("answer_9_3 = 13.6", ALL, "Each takes 2 bytes"),
        Wrong("answer_9_3 = 0.493", ALL, "share that is saved"),
        Wrong("answer_9_3 = 55.2 - 14", ALL, "frozen reference too"),
        Wrong("answer_9_3 = 167.2 - 84", ALL, "Adam's moments as well"),
    ],
    "9.4": [
        Right('answer_9_4 = ["C", "D", "B", "A"]', "list"),
        Right('answer_9_4 = "cdba"', "text"),
        Right('answer_9_4 = ("C", "D", "B", "A")', "tuple"),
        Wrong('answer_9_4 = ["D", "C", "B", "A"]', ALL, "Whose responses"),
        Wrong('answer_9_4 = ["C", "B", "D", "A"]', ALL, "trained on"),
        Wrong('answer_9_4 = ["C", "D", "A", "B"]', ALL, "Where does it come from"),
        Wrong('answer_9_4 = ["B", "A", "D", "C"]', ALL, "Ask of each stage"),
        Wrong('answer_9_4 = ["C", "D", "B"]', ALL, "must be a list"),
    ],
    "9.5": [
        Right('answer_9_5 = "B"', "letter"),
        Right('answer_9_5 = "b."', "small letter"),
        Wrong('answer_9_5 = "A"', ALL, "learns them by heart"),
        Wrong('answer_9_5 = "C"', ALL, "not a language"),
        Wrong('answer_9_5 = "D"', ALL, "no guide"),
    ],
    "9.6": [
        Right(
            "tokens = 100_000 * 2 * 512\n"
            "answer_9_6a = tokens * 6 * 7e9 / 300e12 / 3600\n"
            "answer_9_6b = tokens * 8 * 7e9 / 300e12 / 3600",
            "formula",
        ),
        Right("answer_9_6a = 3.98\nanswer_9_6b = 5.31", "rounded numbers"),
        Wrong("answer_9_6a = 7.96\nanswer_9_6b = 5.31", ("`answer_9_6a`",), "counts multiply and add twice"),
        Wrong("answer_9_6a = 3.98\nanswer_9_6b = 7.96", ("`answer_9_6b`",), "needs no backward pass"),
        Wrong("answer_9_6a = 3.98 / 2\nanswer_9_6b = 5.31 / 2", ALL, "two responses"),
        Wrong("answer_9_6a = 5.31\nanswer_9_6b = 3.98", ALL, "Part a asks for the policy alone"),
        Wrong("answer_9_6a = 14336\nanswer_9_6b = 19115", ALL, "These are seconds"),
    ],
    "9.7": [
        Right("answer_9_7 = 4.0 / (0.15 * 200)", "formula"),
        Right("answer_9_7 = 0.133", "rounded number"),
        Right("from fractions import Fraction\nanswer_9_7 = Fraction(2, 15)", "fraction"),
        Wrong("answer_9_7 = 4.0 / 0.15", ALL, "divergence of one token"),
        Wrong("answer_9_7 = 30 / 4.0", ALL, "Upside down"),
        Wrong("answer_9_7 = 30", ALL, "KL of the response"),
        Wrong("answer_9_7 = 4 * 30", ALL, "You multiplied"),
    ],
    "9.8": [
        Right(
            _HEAD + _POLICY + "    with torch.no_grad():\n" + _REFERENCE.replace("    ref", "        ref") + _DELTA + _LOSS
            + "    optimizer = optimizer_for(policy)\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n"
            + _RETURN,
            "logsigmoid",
        ),
        Right(
            _HEAD + _POLICY + _REFERENCE + _DELTA + "    loss = torch.nn.functional.softplus(-beta * delta).mean()\n" + _CLEAR
            + "    for parameter in reference.parameters():\n        parameter.grad = None\n" + _UPDATE + _RETURN,
            "softplus",
        ),
        Right(
            _HEAD
            + """\
    def margin(side):
        mask, tokens = batch[side + "_mask"], batch[side]
        def total(model):
            logp = model(tokens[:, :-1]).log_softmax(-1)
            logp = torch.gather(logp, 2, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
            return (logp * mask[:, 1:]).sum(dim=1)
        return total(policy) - total(reference).detach()

    gaps = beta * (margin("winner") - margin("loser"))
    loss = torch.logaddexp(torch.zeros_like(gaps), -gaps).mean()
    gradients = torch.autograd.grad(loss, list(policy.parameters()))
    for parameter, gradient in zip(policy.parameters(), gradients):
        parameter.grad = gradient
    optimizer_for(policy).step()
    return float(loss.detach())


buggy_line_9_8 = 9
""",
            "from the logits",
        ),
        Wrong(  # the listing as it was found
            _HEAD + _POLICY + _REFERENCE + _DELTA + _UNSTABLE + _UPDATE.replace("(policy)", "(reference)")
            + _RETURN.replace("= 9", "= None"),
            ALL,
            "The reference still moves",
        ),
        Wrong(  # only the line at fault was mended
            _HEAD + _POLICY + _REFERENCE + _DELTA + _UNSTABLE + _UPDATE + _RETURN,
            ("large margins", "clean gradients"),
            "gradients of the step before",
        ),
        Wrong(
            _HEAD + _POLICY + _REFERENCE + _DELTA + _LOSS + _UPDATE + _RETURN,
            ("clean gradients",),
            "gradients of the step before",
        ),
        Wrong(
            _HEAD + _POLICY + _REFERENCE + _DELTA + _UNSTABLE + _CLEAR + _UPDATE + _RETURN,
            ("large margins",),
            "overflows at large margins",
        ),
        Wrong(
            _HEAD + _POLICY + _REFERENCE + _DELTA + _LOSS + _CLEAR + "    optimizer_for(reference).zero_grad()\n" + _UPDATE
            + "    optimizer_for(reference).step()\n" + _RETURN,
            ("the reference stays", "the loss", "clean gradients"),
            "Both models move",
        ),
        Wrong(
            _HEAD + _POLICY + _REFERENCE + _DELTA + _LOSS.replace("beta *", "-beta *") + _CLEAR + _UPDATE + _RETURN,
            ("the policy learns", "the loss", "large margins", "clean gradients"),
            "when the loser is preferred",
        ),
        Wrong(
            _HEAD + _POLICY + "    delta = policy_w - policy_l\n" + _LOSS + _CLEAR + _UPDATE + _RETURN,
            ("the policy learns", "the loss", "large margins", "clean gradients"),
            "reference's log-probabilities are missing",
        ),
        Wrong(
            _HEAD + _POLICY + _REFERENCE + _DELTA + _LOSS + _CLEAR + _UPDATE + _RETURN.replace("= 9", "= 7"),
            ("`buggy_line_9_8`",),
            "outputs that do not change at all",
        ),
        Wrong(  # cleared after the backward pass: nothing is left to step with
            _HEAD + _POLICY + _REFERENCE + _DELTA + _LOSS + "    loss.backward()\n" + _CLEAR
            + "    optimizer_for(policy).step()\n" + _RETURN,
            ("the policy learns", "the loss", "clean gradients"),
            "No model moves at all",
        ),
        Wrong(
            _HEAD.replace("@tinylm.takes_weights\n", "") + _POLICY + _REFERENCE + _DELTA + _LOSS + _CLEAR + _UPDATE + _RETURN,
            ("the policy learns", "the reference stays", "the loss", "large margins", "clean gradients"),
            "Keep the line",
        ),
    ],
    "9.9": [
        Right('answer_9_9 = "D"', "letter"),
        Right('answer_9_9 = "(d)"', "in brackets"),
        Wrong('answer_9_9 = "A"', ALL, "too large a beta"),
        Wrong('answer_9_9 = "B"', ALL, "Forgetting"),
        Wrong('answer_9_9 = "C"', ALL, "repeat the same mistake"),
    ],
    "9.10": [
        Right(
            """\
def training_memory_gb(models):
    total = 0
    for n, trainable in models:
        if n < 0:
            raise ValueError("negative number of parameters")
        total += n * (16 if trainable else 2)
    return total / 1e9
""",
            "loop",
        ),
        Right(
            """\
def training_memory_gb(models):
    n, trained = np.array([n for n, _ in models], float), np.array([bool(t) for _, t in models])
    if np.any(n < 0):
        raise ValueError("n_params must not be negative")
    return float(np.sum(n * np.where(trained, 2 + 2 + 4 + 4 + 4, 2)) / 1e9)
""",
            "vectorised",
        ),
        Right(
            """\
import torch

def training_memory_gb(models):
    if any(n < 0 for n, _ in models):
        raise ValueError("n_params must not be negative")
    n = torch.tensor([float(n) for n, _ in models], dtype=torch.float64)
    trained = torch.tensor([float(t) for _, t in models], dtype=torch.float64)
    return (n @ (2 + 14 * trained)).item() / 1e9
""",
            "torch",
        ),
        Wrong(
            """\
def training_memory_gb(models):
    if any(n < 0 for n, _ in models):
        raise ValueError
    return sum(2 * n for n, trainable in models) / 1e9
""",
            ("trained models", "whole runs"),
            "weights alone",
        ),
        Wrong(
            """\
def training_memory_gb(models):
    if any(n < 0 for n, _ in models):
        raise ValueError
    return sum((2 + 4 + 8 if trainable else 2) * n for n, trainable in models) / 1e9
""",
            ("trained models", "whole runs"),
            "gradients are missing",
        ),
        Wrong(
            """\
def training_memory_gb(models):
    if any(n < 0 for n, _ in models):
        raise ValueError
    return sum((2 + 2 + 8 if trainable else 2) * n for n, trainable in models) / 1e9
""",
            ("trained models", "whole runs"),
            "master weights are missing",
        ),
        Wrong(
            """\
def training_memory_gb(models):
    if any(n < 0 for n, _ in models):
        raise ValueError
    return sum((2 + 2 + 4 + 16 if trainable else 2) * n for n, trainable in models) / 1e9
""",
            ("trained models", "whole runs"),
            "counted Adam twice",
        ),
        Wrong(
            """\
def training_memory_gb(models):
    if any(n < 0 for n, _ in models):
        raise ValueError
    return sum(16 * n for n, trainable in models) / 1e9
""",
            ("frozen models", "whole runs"),
            "A frozen model has no gradients",
        ),
        Wrong(
            """\
def training_memory_gb(models):
    if any(n < 0 for n, _ in models):
        raise ValueError
    return sum((16 if trainable else 2) * n for n, trainable in models) / 2**30
""",
            ("frozen models", "trained models", "whole runs"),
            "GiB",
        ),
        Wrong(
            """\
def training_memory_gb(models):
    return sum((16 if trainable else 2) * n for n, trainable in models) / 1e9
""",
            ("bad input",),
            "must raise ValueError",
        ),
    ],
    "9.11": [
        Right(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    mask = np.asarray(mask, bool)
    with np.errstate(invalid="ignore"):
        rewards = np.where(mask, -beta * (np.asarray(logp, float) - np.asarray(ref_logp, float)), 0.0)
    for row, real in enumerate(mask):
        if real.any():
            rewards[row, np.flatnonzero(real)[-1]] += score[row]
    return rewards
""",
            "vectorised",
        ),
        Right(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    rewards = np.zeros(np.shape(logp))
    for b in range(len(rewards)):
        last = None
        for t in range(rewards.shape[1]):
            if mask[b][t]:
                rewards[b, t] = -beta * (logp[b][t] - ref_logp[b][t])
                last = t
        if last is not None:
            rewards[b, last] += score[b]
    return rewards
""",
            "loop",
        ),
        Right(
            """\
import torch

def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    score, logp, ref_logp = (torch.as_tensor(np.array(x, dtype=float)) for x in (score, logp, ref_logp))
    mask = torch.as_tensor(np.array(mask, dtype=bool))
    rewards = torch.where(mask, -beta * (logp - ref_logp), 0.0)
    later = mask.int().flip(1).cumsum(1).flip(1)  # real tokens from here on
    return torch.where(mask & (later == 1), rewards + score[:, None], rewards).numpy()
""",
            "torch",
        ),
        Wrong(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    mask = np.asarray(mask, bool)
    rewards = np.where(mask, beta * (np.asarray(logp, float) - np.asarray(ref_logp, float)), 0.0)
    for row, real in enumerate(mask):
        if real.any():
            rewards[row, np.flatnonzero(real)[-1]] += score[row]
    return rewards
""",
            ALL,
            "wrong sign",
        ),
        Wrong(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    mask = np.asarray(mask, bool)
    rewards = np.where(mask, -beta * (np.asarray(logp, float) - np.asarray(ref_logp, float)), 0.0)
    rewards[:, -1] += score
    return rewards
""",
            ("padding on the right", "padding on the left", "anything on padding", "the sum", "lists and empty rows"),
            "last column",
        ),
        Wrong(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    mask = np.asarray(mask, bool)
    rewards = np.where(mask, -beta * (np.asarray(logp, float) - np.asarray(ref_logp, float)), 0.0)
    rewards[np.arange(len(mask)), mask.sum(axis=1) - 1] += np.where(mask.any(axis=1), score, 0)
    return rewards
""",
            ("padding on the left", "anything on padding", "the sum"),
            "only when padding stands on the right",
        ),
        Wrong(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    mask = np.asarray(mask, float)
    rewards = -beta * (np.asarray(logp, float) - np.asarray(ref_logp, float)) * mask
    for row, real in enumerate(mask):
        if real.any():
            rewards[row, np.flatnonzero(real)[-1]] += score[row]
    return rewards
""",
            ("anything on padding",),
            "NaN times 0 is NaN",
        ),
        Wrong(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    mask = np.asarray(mask, bool)
    rewards = -beta * (np.asarray(logp, float) - np.asarray(ref_logp, float))
    for row, real in enumerate(mask):
        if real.any():
            rewards[row, np.flatnonzero(real)[-1]] += score[row]
    return rewards
""",
            ("padding on the right", "padding on the left", "anything on padding", "the sum", "lists and empty rows"),
            "Padding must get exactly 0",
        ),
        Wrong(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    mask = np.asarray(mask, bool)
    ratio = np.asarray(logp, float) - np.asarray(ref_logp, float)
    return np.where(mask, np.asarray(score, float)[:, None] - beta * ratio, 0.0)
""",
            ALL,
            "It is given once",
        ),
        Wrong(
            """\
def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    mask = np.asarray(mask, bool)
    ratio = np.asarray(ref_logp, float) - np.asarray(logp, float)
    rewards = np.where(mask, -beta * (np.exp(ratio) - ratio - 1), 0.0)
    for row, real in enumerate(mask):
        if real.any():
            rewards[row, np.flatnonzero(real)[-1]] += score[row]
    return rewards
""",
            ALL,
            "k3 estimator",
        ),
    ],
    "9.12": [
        Right(
            _DPO
            + """\
winners, losers = tinylm.sample_preferences(reference, 2000, seed=11)
model, _ = tinylm.train_dpo(step, reference, winners, losers, beta=0.1, n_steps=100, seed=11)


def aligned_policy(tokens):
    with torch.no_grad():
        return model(tokens)
""",
            "DPO",
        ),
        Right(
            _PENALTY
            + """\
reference = tinylm.load_reference()
winners, losers = tinylm.sample_preferences(reference, 3000, seed=12)
reward_model, _ = tinylm.train_reward_model(reference, winners, losers, n_steps=150, seed=12)
checkpoints = tinylm.train_policy_gradient(shaped, reference, reward_model, betas=(0.3,), n_steps=50, seed=12)
aligned_policy = checkpoints[-1][1]
""",
            "reward model and policy gradient",
        ),
        Right(
            """\
# Best of 16 by the learned reward, then imitate the best: rejection sampling.
reference = tinylm.load_reference()
winners, losers = tinylm.sample_preferences(reference, 3000, seed=13)
reward_model, _ = tinylm.train_reward_model(reference, winners, losers, n_steps=150, seed=13)
candidates = tinylm.draw_candidates(reference, n_prompts=250, n_each=16, seed=13)
with torch.no_grad():
    scores = torch.stack([reward_model(rows) for rows in candidates])
best = candidates[torch.arange(250), scores.argmax(dim=1)]

model = reference.copy().requires_grad_(True)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
generator = torch.Generator().manual_seed(13)
for _ in range(60):
    tokens = best[torch.randint(len(best), (64,), generator=generator)]
    mask = tinylm.response_mask(tokens)
    loss = -tinylm.sequence_log_prob(model, tokens, mask).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
model.frozen()


def aligned_policy(tokens):
    return model(tokens)
""",
            "imitate the best of n",
        ),
        Wrong(
            "aligned_policy = tinylm.load_reference()",
            ("true reward", "KL budget"),
            "the reference itself",
        ),
        Wrong(
            "def aligned_policy(tokens):\n    return torch.zeros(*tokens.shape, tinylm.VOCABULARY)\n",
            ("true reward", "KL budget"),
            "mean true reward",
        ),
        Wrong(  # where over-optimisation ends
            """\
reference = tinylm.load_reference()


def aligned_policy(tokens):
    logits = reference(tokens).clone()
    logits[..., tinylm.SYMBOLS.index("!")] += 6
    return logits
""",
            ("true reward", "KL budget"),
            "climbed too far",
        ),
        Wrong(  # over-optimisation itself: a small reward model, no penalty
            _PENALTY
            + """\
reference = tinylm.load_reference()
winners, losers = tinylm.sample_preferences(reference, 300, seed=14)
reward_model, _ = tinylm.train_reward_model(reference, winners, losers, n_steps=80, seed=14)
checkpoints = tinylm.train_policy_gradient(shaped, reference, reward_model, betas=(0.0,), n_steps=50, rate=1e-3, seed=14)
aligned_policy = checkpoints[-1][1]
""",
            ("true reward", "KL budget"),
            "climbed too far",
        ),
        Wrong(  # winners and losers exchanged
            _DPO
            + """\
winners, losers = tinylm.sample_preferences(reference, 1000, seed=15)
aligned_policy, _ = tinylm.train_dpo(step, reference, losers, winners, beta=0.3, n_steps=40, seed=15)
""",
            ("true reward",),
            "at least 3.2 is asked",
        ),
        Wrong(  # the faulty step of exercise 9.8: the reference is updated and the policy never moves
            _DPO.replace("optimizer_for(policy)", "optimizer_for(reference)").replace("        with torch.no_grad():\n    ", "")
            + """\
winners, losers = tinylm.sample_preferences(reference, 500, seed=16)
aligned_policy, _ = tinylm.train_dpo(step, reference, winners, losers, beta=0.1, n_steps=20, seed=16)
""",
            ("true reward", "KL budget"),
            "nothing has been learned yet",
        ),
        Wrong(  # probabilities where logits are asked
            """\
reference = tinylm.load_reference()


def aligned_policy(tokens):
    return reference(tokens).softmax(-1)
""",
            ("true reward", "KL budget"),
            "mean true reward",
        ),
        Wrong(  # only the last place
            """\
reference = tinylm.load_reference()


def aligned_policy(tokens):
    return reference(tokens)[:, -1]
""",
            ALL,
            "is asked",
        ),
        Wrong(  # forbidden symbols at minus infinity
            """\
reference = tinylm.load_reference()


def aligned_policy(tokens):
    logits = reference(tokens).clone()
    logits[..., tinylm.SYMBOLS.index(":")] = -torch.inf
    return logits
""",
            ALL,
            "must be finite",
        ),
    ],
}
