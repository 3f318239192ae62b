"""Chapter 2, PPO for RLHF."""

from tests.submissions import ALL, Right, Wrong

_LISTING = """\
def ppo_objective(logp_new, logp_old, advantages, eps):
    ratio = np.exp(np.asarray(logp_new) - np.asarray(logp_old))
    advantages = np.asarray(advantages, dtype=float)
    unclipped = ratio * advantages
    clipped = np.clip(ratio, 1 - eps, 1 + eps) * advantages
    return float(np.mean({result}))


buggy_line_2_8 = {line}
"""

_LOSS = """\
def ppo_clip_loss(logp_new, logp_old, advantages, eps=0.2):
    new, old, a = (np.asarray(x, dtype=float) for x in (logp_new, logp_old, advantages))
    if not (new.shape == old.shape == a.shape) or new.size == 0:
        raise ValueError("need three arrays of one length, not empty")
    ratio = {ratio}
    clipped = np.clip(ratio, 1 - eps, 1 + eps)
    return {result}
"""


def _loss(result="-np.mean(np.minimum(ratio * a, clipped * a))", ratio="np.exp(new - old)"):
    return _LOSS.format(ratio=ratio, result=result)


_GAE = """\
def gae(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
    rewards, values, dones = (np.asarray(x, dtype=float) for x in (rewards, values, dones))
    if rewards.ndim != 1 or not rewards.shape == values.shape == dones.shape:
        raise ValueError("need three arrays of one shape (T,)")
    T = len(rewards)
    advantages = np.zeros(T)
    carry = 0.0
    for t in reversed(range(T)):
        next_value = {next_value}
        delta = {delta}
        carry = {carry}
        advantages[t] = carry
    return {result}
"""


def _gae(
    next_value="last_value if t == T - 1 else values[t + 1]",
    delta="rewards[t] + gamma * next_value * (1 - dones[t]) - values[t]",
    carry="delta + gamma * lam * (1 - dones[t]) * carry",
    result="advantages, advantages + values",
):
    return _GAE.format(next_value=next_value, delta=delta, carry=carry, result=result)


LOSS_VALUES = ("values", "all four corners", "clip range", "tiny probabilities", "slopes", "lists and integers")

BANK = {
    "2.1": [
        Right("answer_2_1 = np.exp(-1.8 - (-2.3))", "formula"),
        Right("answer_2_1 = 1.65", "rounded number"),
        Right("import torch\nanswer_2_1 = torch.exp(torch.tensor(-1.8) - torch.tensor(-2.3))", "torch"),
        Wrong("answer_2_1 = np.exp(-2.3 - (-1.8))", ALL, "old over new"),
        Wrong("answer_2_1 = -1.8 - -2.3", ALL, "Take its exponential"),
        Wrong("answer_2_1 = -1.8 / -2.3", ALL, "You divided the log-probabilities"),
        Wrong("answer_2_1 = 10 ** 0.5", ALL, "logarithms are natural"),
        Wrong("answer_2_1 = np.exp(-1.8)", ALL, "Divide by the old one"),
        Wrong("answer_2_1 = 1.64", ALL, "last of three significant digits"),
    ],
    "2.2": [
        Right("answer_2_2a, answer_2_2b, answer_2_2c = 3.3, 2.4, 2.4", "numbers"),
        Right(
            "ratio, A, eps = 1.65, 2.0, 0.2\n"
            "answer_2_2a = ratio * A\n"
            "answer_2_2b = np.clip(ratio, 1 - eps, 1 + eps) * A\n"
            "answer_2_2c = np.minimum(answer_2_2a, answer_2_2b)",
            "formula",
        ),
        Right(
            "answer_2_2a = 1.65 * 2\nanswer_2_2b = (1 + 0.2) * 2\nanswer_2_2c = min(answer_2_2a, answer_2_2b)", "by hand"
        ),
        Wrong("answer_2_2a, answer_2_2b, answer_2_2c = 3.3, 2.4, -2.4", ("`answer_2_2c`",), "This is the loss"),
        Wrong("answer_2_2a, answer_2_2b, answer_2_2c = 3.3, 2.4, 3.3", ("`answer_2_2c`",), "kept the larger term"),
        Wrong("answer_2_2a, answer_2_2b, answer_2_2c = 3.3, 1.2, 2.4", ("`answer_2_2b`",), "then multiply by the advantage"),
        Wrong("answer_2_2a, answer_2_2b, answer_2_2c = 3.3, 1.6, 1.6", ("`answer_2_2b`", "`answer_2_2c`"), "lower end"),
        Wrong("answer_2_2a, answer_2_2b, answer_2_2c = 1.65, 3.3, 2.4", ("`answer_2_2a`", "`answer_2_2b`"), "ratio alone"),
        Wrong("answer_2_2a, answer_2_2b, answer_2_2c = 3.3, 2.4, None", ("`answer_2_2c`",), "Not answered"),
    ],
    "2.3": [
        Right(
            "ratio = np.exp(np.array([-1.2, -2.0, -1.0]) - np.array([-1.5, -1.8, -1.0]))\n"
            "A = np.array([1.0, -0.5, 2.0])\n"
            "answer_2_3 = np.minimum(ratio * A, np.clip(ratio, 0.8, 1.2) * A).mean()",
            "vectorised",
        ),
        Right("answer_2_3 = (1.2 - 0.5 * np.exp(-0.2) + 2.0) / 3", "by hand"),
        Right("answer_2_3 = 0.930", "rounded number"),
        Wrong("answer_2_3 = 0.98", ALL, "first sample is not clipped"),
        Wrong("answer_2_3 = (1.2 - 0.4 + 2.0) / 3", ALL, "clipped the second sample too"),
        Wrong("answer_2_3 = -0.930", ALL, "This is the loss"),
        Wrong("answer_2_3 = 1.2 - 0.409365 + 2.0", ALL, "sum over the samples"),
        Wrong(
            "ratio = np.exp(-(np.array([-1.2, -2.0, -1.0]) - np.array([-1.5, -1.8, -1.0])))\n"
            "A = np.array([1.0, -0.5, 2.0])\n"
            "answer_2_3 = np.minimum(ratio * A, np.clip(ratio, 0.8, 1.2) * A).mean()",
            ALL,
            "old over new",
        ),
        Wrong("answer_2_3 = (1.2 + 0.409365 + 2.0) / 3", ALL, "its term is negative too"),
        Wrong("answer_2_3 = 0.95", ALL, "Not this number"),
    ],
    "2.4": [
        Right('answer_2_4 = "A"', "letter"),
        Right("answer_2_4 = 'a'", "small letter"),
        Right('answer_2_4 = " (A) "', "in brackets"),
        Wrong('answer_2_4 = "B"', ALL, "side of a good action"),
        Wrong('answer_2_4 = "C"', ALL, "half right"),
        Wrong('answer_2_4 = "D"', ALL, "holds no ratio in place"),
        Wrong("answer_2_4 = 0.8", ALL, "one of the letters"),
    ],
    "2.5": [
        Right("answer_2_5 = 4.0 - 0.1 * 5.0 - 3.2", "formula"),
        Right("answer_2_5 = 0.3", "number"),
        Right("charged = 4.0 - 0.1 * 5.0\nanswer_2_5 = charged - 3.2", "in two steps"),
        Wrong("answer_2_5 = 4.0 - 0.1 * 5.0", ALL, "baseline is still to be subtracted"),
        Wrong("answer_2_5 = 4.0 - 3.2", ALL, "left out the KL charge"),
        Wrong("answer_2_5 = 4.0 - 5.0 - 3.2", ALL, "Each nat costs beta"),
        Wrong("answer_2_5 = 4.0 + 0.1 * 5.0 - 3.2", ALL, "added the KL charge"),
        Wrong("answer_2_5 = 3.2 - 3.5", ALL, "wrong sign"),
        Wrong("answer_2_5 = 0.1 * (4.0 - 5.0) - 3.2", ALL, "multiplies the nats only"),
    ],
    "2.6": [
        Right(_loss(), "vectorised"),
        Right(
            """\
import math

def ppo_clip_loss(logp_new, logp_old, advantages, eps=0.2):
    if not len(logp_new) == len(logp_old) == len(advantages):
        raise ValueError("lengths differ")
    if len(logp_new) == 0:
        raise ValueError("empty")
    total = 0.0
    for new, old, a in zip(logp_new, logp_old, advantages):
        log_ratio = float(new) - float(old)
        ratio = math.exp(log_ratio) if log_ratio < 700 else math.inf
        if a > 0:
            total += min(ratio, 1 + eps) * a
        elif a < 0:
            total += max(ratio, 1 - eps) * a
    return -total / len(logp_new)
""",
            "loop",
        ),
        Right(
            """\
import torch

def ppo_clip_loss(logp_new, logp_old, advantages, eps=0.2):
    new, old, a = (torch.as_tensor(np.array(x, dtype=float)) for x in (logp_new, logp_old, advantages))
    if new.shape != old.shape or new.shape != a.shape or new.numel() == 0:
        raise ValueError("shapes")
    ratio = (new - old).exp()
    return torch.max(-a * ratio, -a * torch.clamp(ratio, 1 - eps, 1 + eps)).mean().item()
""",
            "torch",
        ),
        Right(
            """\
def ppo_clip_loss(logp_new, logp_old, advantages, eps=0.2):
    if len({len(logp_new), len(logp_old), len(advantages)}) != 1 or len(logp_new) < 1:
        raise ValueError("lengths")
    a = np.array(advantages, float)
    ratio = np.exp(np.subtract(logp_new, logp_old, dtype=float))
    limit = (1 + eps * np.sign(a)) * a
    return float(np.mean(-np.minimum(ratio * a, limit)))
""",
            "limit of each sample",
        ),
        Wrong(
            _loss("np.mean(np.minimum(ratio * a, clipped * a))"),
            LOSS_VALUES,
            "You returned the objective",
        ),
        Wrong(
            _loss("-np.mean(clipped * a)"),
            ("values", "all four corners", "clip range", "slopes", "lists and integers", "tiny probabilities"),
            "clipped term alone",
        ),
        Wrong(
            _loss("-np.mean(ratio * a)"),
            LOSS_VALUES,
            "Nothing is clipped",
        ),
        Wrong(
            _loss("-np.mean(np.maximum(ratio * a, clipped * a))"),
            LOSS_VALUES,
            "You kept the larger of the two terms",
        ),
        Wrong(
            _loss("-np.mean(np.minimum(ratio, 1 + eps) * a)"),
            ("values", "all four corners", "clip range", "tiny probabilities", "slopes", "lists and integers"),
            "minimum before multiplying",
        ),
        Wrong(
            _loss(ratio="np.exp(old - new)"),
            LOSS_VALUES,
            "Your ratio is old over new",
        ),
        Wrong(
            _loss("-np.sum(np.minimum(ratio * a, clipped * a))"),
            LOSS_VALUES,
            "sum over the samples",
        ),
        Wrong(
            _loss(ratio="np.exp(new) / np.exp(old)"),
            ("tiny probabilities",),
            "subtract before you take the exponential",
        ),
        Wrong(
            _loss(ratio="new - old"),
            LOSS_VALUES,
            "Take its exponential",
        ),
        Wrong(
            _loss().replace("1 - eps, 1 + eps", "0.8, 1.2"),
            ("clip range",),
            "Is eps used on both sides",
        ),
        Wrong(
            """\
def ppo_clip_loss(logp_new, logp_old, advantages, eps=0.2):
    new, old, a = (np.asarray(x, dtype=float) for x in (logp_new, logp_old, advantages))
    ratio = np.exp(new - old)
    return -np.mean(np.minimum(ratio * a, np.clip(ratio, 1 - eps, 1 + eps) * a))
""",
            ("bad input",),
            "must raise ValueError",
        ),
        Wrong(
            """\
def ppo_clip_loss(logp_new, logp_old, advantages, eps=0.2):
    if not len(logp_new) == len(logp_old) == len(advantages) or len(logp_new) == 0:
        raise ValueError
    ratio = np.exp(logp_new - logp_old)
    return -np.mean(np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages))
""",
            ("tiny probabilities", "lists and integers"),
            "unsupported operand",
        ),
        Wrong(
            """\
def ppo_clip_loss(logp_new, logp_old, advantages, eps=0.2):
    new, old, a = (np.asarray(x, dtype=float) for x in (logp_new, logp_old, advantages))
    if not (new.shape == old.shape == a.shape) or new.size == 0:
        raise ValueError
    new -= old
    ratio = np.exp(new)
    return -np.mean(np.minimum(ratio * a, np.clip(ratio, 1 - eps, 1 + eps) * a))
""",
            ("lists and integers",),
            "changed the arrays",
        ),
        Wrong(
            _loss("-np.mean(np.minimum(ratio * a, clipped * a))").replace(
                "    ratio =", "    a = (a - a.mean()) / (a.std() + 1e-8)\n    ratio ="
            ),
            LOSS_VALUES,
            "off on ordinary samples",
        ),
    ],
    "2.7": [
        Right(_gae(), "backward loop"),
        Right(
            """\
def gae(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
    r, v, d = (np.array(x, dtype=float) for x in (rewards, values, dones))
    if any(x.ndim != 1 for x in (r, v, d)) or not len(r) == len(v) == len(d):
        raise ValueError("shapes")
    T = len(r)
    v_next = np.concatenate([v[1:], [last_value]])
    delta = r + gamma * np.where(d > 0, 0.0, v_next) - v
    advantages = []
    for t in range(T):
        total, weight = 0.0, 1.0
        for k in range(t, T):
            total += weight * delta[k]
            if d[k]:
                break
            weight *= gamma * lam
        advantages.append(total)
    advantages = np.array(advantages)
    return advantages, advantages + v
""",
            "double loop",
        ),
        Right(
            """\
import torch

def gae(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
    r, v, d = (torch.as_tensor(np.array(x, dtype=float)) for x in (rewards, values, dones))
    if r.dim() != 1 or r.shape != v.shape or r.shape != d.shape:
        raise ValueError("shapes")
    advantages = torch.zeros_like(r)
    next_value, carry = float(last_value), 0.0
    for t in range(len(r) - 1, -1, -1):
        mask = 1.0 - d[t]
        carry = r[t] + gamma * next_value * mask - v[t] + gamma * lam * mask * carry
        advantages[t] = carry
        next_value = v[t]
    return advantages, advantages + v
""",
            "torch",
        ),
        Right(
            """\
def gae(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
    if np.ndim(rewards) != 1 or not len(rewards) == len(values) == len(dones):
        raise ValueError("rewards, values and dones must be of one length")
    values = np.array(values, dtype=float)
    # the lambda-return, backwards; the advantage is what it exceeds the value by
    returns = np.empty(len(values))
    following_value = following_return = last_value
    for t in range(len(values) - 1, -1, -1):
        if dones[t]:
            returns[t] = rewards[t]
        else:
            returns[t] = rewards[t] + gamma * ((1 - lam) * following_value + lam * following_return)
        following_value, following_return = values[t], returns[t]
    return returns - values, returns
""",
            "lambda-returns",
        ),
        Wrong(
            _gae(delta="rewards[t] + gamma * next_value - values[t]", carry="delta + gamma * lam * carry"),
            ("ends of episodes", "limits", "defaults", "lists and integers"),
            "two things must become 0",
        ),
        Wrong(
            _gae(carry="delta + gamma * lam * carry"),
            ("ends of episodes", "limits", "defaults", "lists and integers"),
            "still leaks into this one",
        ),
        Wrong(
            _gae(delta="rewards[t] + gamma * next_value - values[t]"),
            ("ends of episodes", "limits", "defaults", "lists and integers"),
            "the value of the next state must not count",
        ),
        Wrong(
            _gae(
                delta="rewards[t] + gamma * next_value * (1 - (dones[t + 1] if t < T - 1 else 0)) - values[t]",
                carry="delta + gamma * lam * (1 - (dones[t + 1] if t < T - 1 else 0)) * carry",
            ),
            ("ends of episodes", "limits", "defaults", "lists and integers"),
            "one step off",
        ),
        Wrong(
            _gae(carry="delta + lam * (1 - dones[t]) * carry"),
            ("one episode", "ends of episodes", "limits", "defaults", "lists and integers"),
            "gamma times lambda, not lambda",
        ),
        Wrong(
            _gae(carry="delta + gamma * (1 - dones[t]) * carry"),
            ("one episode", "ends of episodes", "limits", "defaults", "lists and integers"),
            "Lambda has no effect",
        ),
        Wrong(
            _gae(carry="delta"),
            ("one episode", "ends of episodes", "limits", "defaults", "lists and integers"),
            "one-step TD errors",
        ),
        Wrong(
            _gae(next_value="0.0 if t == T - 1 else values[t + 1]"),
            ("one episode", "ends of episodes", "limits", "defaults", "lists and integers"),
            "`last_value` has no effect",
        ),
        Wrong(
            _gae(result="advantages + values, advantages"),
            ("one episode", "ends of episodes", "limits", "defaults", "lists and integers"),
            "Advantages first",
        ),
        Wrong(
            _gae(result="(advantages - advantages.mean()) / (advantages.std() + 1e-8), advantages + values"),
            ("one episode", "ends of episodes", "limits", "defaults", "lists and integers"),
            "your advantages or returns are off",
        ),
        Wrong(
            _gae(
                result="advantages, np.array([sum(gamma ** k * rewards[t + k] for k in range(T - t)) for t in range(T)])"
            ),
            ("one episode", "ends of episodes", "defaults", "lists and integers"),
            "your advantages or returns are off",
        ),
        Wrong(
            """\
def gae(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
    if not np.shape(rewards) == np.shape(values) == np.shape(dones) or np.ndim(rewards) != 1:
        raise ValueError
    advantages = np.zeros_like(rewards)
    carry = 0
    for t in range(len(rewards) - 1, -1, -1):
        next_value = last_value if t == len(rewards) - 1 else values[t + 1]
        carry = rewards[t] + (1 - dones[t]) * gamma * (next_value + lam * carry) - values[t]
        advantages[t] = carry
    return advantages, advantages + np.asarray(values)
""",
            ("lists and integers",),
            "integer rewards",
        ),
        Wrong(
            _gae().replace("lam=0.95", "lam=0.97"),
            ("one episode", "ends of episodes", "defaults", "lists and integers"),
            "must use 0.99 and 0.95",
        ),
        Wrong(
            """\
def gae(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
    advantages = np.zeros(len(rewards))
    carry = 0.0
    values_next = list(values[1:]) + [last_value]
    for t in reversed(range(len(rewards))):
        carry = rewards[t] + (1 - dones[t]) * gamma * (values_next[t] + lam * carry) - values[t]
        advantages[t] = carry
    return advantages, advantages + values
""",
            ("bad input",),
            "A `ValueError` is asked here",
        ),
        Wrong(
            """\
def gae(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
    if np.ndim(rewards) != 1 or not len(rewards) == len(values) == len(dones):
        raise ValueError
    values = np.append(values, last_value)
    delta = rewards + gamma * values[1:] * ~dones - values[:-1]
    for t in reversed(range(len(rewards) - 1)):
        delta[t] += gamma * lam * (not dones[t]) * delta[t + 1]
    return delta, delta + values[:-1]
""",
            ("lists and integers",),
            "integer rewards",
        ),
    ],
    "2.8": [
        Right(_LISTING.format(result="np.minimum(unclipped, clipped)", line=6), "minimum"),
        Right(_LISTING.format(result="np.where(unclipped < clipped, unclipped, clipped)", line="6.0"), "where"),
        Right(
            """\
def ppo_objective(logp_new, logp_old, advantages, eps):
    total = 0.0
    for new, old, a in zip(logp_new, logp_old, advantages):
        ratio = np.exp(new - old)
        total += min(ratio * a, min(max(ratio, 1 - eps), 1 + eps) * a)
    return total / len(logp_new)


buggy_line_2_8 = 6
""",
            "loop",
        ),
        Wrong(
            _LISTING.format(result="np.maximum(unclipped, clipped)", line=6),
            ("good actions", "bad actions", "pessimism"),
            "still keeps the better",
        ),
        Wrong(
            _LISTING.format(result="clipped", line=6), ("good actions", "bad actions", "pessimism"), "only the clipped term"
        ),
        Wrong(
            _LISTING.format(result="unclipped", line=6),
            ("good actions", "bad actions", "pessimism"),
            "Now nothing is clipped",
        ),
        Wrong(
            _LISTING.format(result="-np.minimum(unclipped, clipped)", line=6),
            ("good actions", "bad actions", "pessimism"),
            "You returned the loss",
        ),
        Wrong(
            _LISTING.format(result="np.minimum(ratio, 1 + eps) * advantages", line=6),
            ("bad actions", "pessimism"),
            "its penalty is capped",
        ),
        Wrong(
            _LISTING.format(result="np.minimum(unclipped, clipped)", line=5),
            ("`buggy_line_2_8`",),
            "What is done with both terms",
        ),
        Wrong(
            _LISTING.format(result="np.minimum(unclipped, clipped)", line=2),
            ("`buggy_line_2_8`",),
            "new over old",
        ),
        Wrong(
            _LISTING.format(result="np.minimum(unclipped, clipped)", line=6).replace("np.mean", "np.sum"),
            ("good actions", "bad actions", "pessimism"),
            "The mean got lost",
        ),
        Wrong(
            _LISTING.format(result="np.maximum(unclipped, clipped)", line="None"),
            ALL,
            "still keeps the better",
        ),
    ],
}
