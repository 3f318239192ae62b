"""Chapter 1, the RLHF objective."""

from tests.submissions import ALL, Right, Wrong

BANK = {
    "1.1": [
        Right("p, q = np.array([0.7, 0.2, 0.1]), np.array([0.4, 0.4, 0.2])\nanswer_1_1 = np.sum(p * np.log(p / q))", "formula"),
        Right("answer_1_1 = 0.184", "rounded number"),
        Right("from scipy.stats import entropy\nanswer_1_1 = entropy([0.7, 0.2, 0.1], [0.4, 0.4, 0.2])", "scipy"),
        Right(
            "import torch\n"
            "p, q = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.4, 0.4, 0.2])\n"
            "answer_1_1 = torch.nn.functional.kl_div(q.log(), p, reduction='sum')",
            "torch",
        ),
        Wrong("answer_1_1 = 0.192042", ALL, "This is KL(reference || policy)"),
        Wrong("answer_1_1 = 0.7 * np.log(0.4 / 0.7) + 0.3 * np.log(2)", ALL, "wrong sign"),
        Wrong("answer_1_1 = 0.265", ALL, "in bits"),
        Wrong("answer_1_1 = np.log(1.75) + 2 * np.log(0.5)", ALL, "weighted by the policy's probability"),
        Wrong("answer_1_1 = 0.7 * np.log(1.75) + 0.3 * np.log(2)", ALL, "every term positive"),
        Wrong("answer_1_1 = 0.18", ALL, "Not this number"),
        Wrong("answer_1_1 = 0.23", ALL, "Not this number"),
    ],
    "1.2": [
        Right("answer_1_2 = 3.0 - 0.1 * 8.0", "formula"),
        Right("answer_1_2 = 2.2", "number"),
        Right("reward, log_ratio, beta = 3, 8, 0.1\nanswer_1_2 = np.float32(reward - beta * log_ratio)", "single precision"),
        Wrong("answer_1_2 = 3.0 + 0.1 * 8.0", ALL, "added the charge"),
        Wrong("answer_1_2 = 3.0 - 8.0", ALL, "Beta is the price"),
        Wrong("answer_1_2 = -1.0", ALL, "value at beta = 0.5"),
        Wrong("answer_1_2 = 0.8", ALL, "This is the charge"),
        Wrong("answer_1_2 = 3.0 - 8.0 / 0.1", ALL, "divided by beta"),
    ],
    "1.3": [
        Right('answer_1_3 = "B"', "letter"),
        Right("answer_1_3 = 'b'", "small letter"),
        Right('answer_1_3 = " B. "', "with a full stop"),
        Wrong('answer_1_3 = "A"', ALL, "what a large beta does"),
        Wrong('answer_1_3 = "C"', ALL, "near the reference only"),
        Wrong('answer_1_3 = "D"', ALL, "notices nothing"),
    ],
    "1.4": [
        Right(
            "weights = np.array([0.5, 0.3, 0.2]) * np.exp([1.0, 0.0, -1.0])\nanswer_1_4 = weights[0] / weights.sum()",
            "formula",
        ),
        Right("answer_1_4 = 0.784", "rounded number"),
        Right(
            "import math\n"
            "u1, u2, u3 = 0.5 * math.e, 0.3, 0.2 / math.e\n"
            "Z = u1 + u2 + u3\n"
            "answer_1_4 = u1 / Z",
            "step by step",
        ),
        Wrong("answer_1_4 = np.exp(1) / (np.exp(1) + 1 + np.exp(-1))", ALL, "forgot the reference"),
        Wrong("answer_1_4 = 0.67", ALL, "rounded up"),
        Wrong("answer_1_4 = 0.5 * np.exp(1)", ALL, "before normalising"),
        Wrong("answer_1_4 = 1.7327", ALL, "This is Z"),
        Wrong("answer_1_4 = 0.179", ALL, "tilted the other way"),
        Wrong("answer_1_4 = 0.7", ALL, "Not this number"),
        Wrong("answer_1_4 = np.array([0.784, 0.173, 0.042])", ALL, "single number"),
    ],
    "1.5": [
        Right('answer_1_5 = "D"', "letter"),
        Right("answer_1_5 = 'd'", "small letter"),
        Wrong('answer_1_5 = "A"', ALL, "not symmetric"),
        Wrong('answer_1_5 = "B"', ALL, "mass-covering"),
        Wrong('answer_1_5 = "C"', ALL, "Both directions need"),
    ],
    "1.6": [
        Right(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    lp, ref = np.array(log_probs, dtype=float), np.array(ref_log_probs, dtype=float)
    if lp.shape != ref.shape:
        raise ValueError("lengths differ")
    if np.any(np.isneginf(lp) & np.isneginf(ref)):
        raise ValueError("undefined log-ratio")
    return float(reward - beta * (lp - ref).sum())
""",
            "vectorised",
        ),
        Right(
            """\
import math

def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    if len(log_probs) != len(ref_log_probs):
        raise ValueError("log_probs and ref_log_probs differ in length")
    kl = 0.0
    for t in range(len(log_probs)):
        kl += float(log_probs[t]) - float(ref_log_probs[t])
    if math.isnan(kl):
        raise ValueError("undefined")
    return reward - beta * kl
""",
            "loop",
        ),
        Right(
            """\
import torch

def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    lp = torch.as_tensor(np.array(log_probs, dtype=float))
    ref = torch.as_tensor(np.array(ref_log_probs, dtype=float))
    if lp.shape != ref.shape:
        raise ValueError("shapes")
    ratio = (lp - ref).sum()
    if torch.isnan(ratio):
        raise ValueError("nan")
    return (reward - beta * ratio).item()
""",
            "torch",
        ),
        Right(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    total = 0.0
    for a, b in zip(log_probs, ref_log_probs, strict=True):
        if a == b == -np.inf:
            raise ValueError("impossible token")
        total += a - b
    return reward - beta * total
""",
            "strict zip",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    lp, ref = np.array(log_probs, dtype=float), np.array(ref_log_probs, dtype=float)
    if lp.shape != ref.shape or np.any(np.isneginf(lp) & np.isneginf(ref)):
        raise ValueError
    return float(reward + beta * (lp - ref).sum())
""",
            ("values", "negative log-ratio", "average over the policy", "lists and integers", "impossible tokens"),
            "wrong sign",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    lp, ref = np.array(log_probs, dtype=float), np.array(ref_log_probs, dtype=float)
    if lp.shape != ref.shape or np.any(np.isneginf(lp) & np.isneginf(ref)):
        raise ValueError
    if len(lp) == 0:
        return reward
    return float(reward - beta * (lp - ref).mean())
""",
            ("values", "negative log-ratio", "average over the policy", "lists and integers"),
            "mean over the tokens",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    lp, ref = np.array(log_probs, dtype=float), np.array(ref_log_probs, dtype=float)
    if lp.shape != ref.shape or np.any(np.isneginf(lp) & np.isneginf(ref)):
        raise ValueError
    return float(reward - beta * np.sum(np.exp(lp) * (lp - ref)))
""",
            ("values", "negative log-ratio", "average over the policy", "lists and integers"),
            "weighted each token",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    lp, ref = np.array(log_probs, dtype=float), np.array(ref_log_probs, dtype=float)
    if lp.shape != ref.shape or np.any(np.isneginf(lp) & np.isneginf(ref)):
        raise ValueError
    return float(reward - beta * max(0, (lp - ref).sum()))
""",
            ("values", "negative log-ratio", "average over the policy"),
            "cut the log-ratio off at 0",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    lp, ref = np.array(log_probs, dtype=float), np.array(ref_log_probs, dtype=float)
    if lp.shape != ref.shape or np.any(np.isneginf(lp) & np.isneginf(ref)):
        raise ValueError
    return float(reward - beta * np.abs(lp - ref).sum())
""",
            ("values", "negative log-ratio", "average over the policy", "lists and integers"),
            "absolute values",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    kl = 0.0
    for lp, ref in zip(log_probs, ref_log_probs):
        kl += lp - ref
    return reward - beta * kl
""",
            ("unequal lengths", "impossible tokens"),
            "Neither zip nor broadcasting",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    kl = 0.0
    for t in range(len(log_probs)):
        kl += log_probs[t] - ref_log_probs[t]
    return reward - beta * kl
""",
            ("unequal lengths", "impossible tokens"),
            "must raise ValueError",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    if len(log_probs) != len(ref_log_probs):
        raise ValueError
    if not np.all(np.isfinite(log_probs)) or not np.all(np.isfinite(ref_log_probs)):
        raise ValueError("not finite")
    return float(reward - beta * np.sum(np.subtract(log_probs, ref_log_probs)))
""",
            ("impossible tokens",),
            "not finite",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    if len(log_probs) != len(ref_log_probs):
        raise ValueError
    return float(reward - beta * np.sum(np.nan_to_num(np.subtract(log_probs, ref_log_probs))))
""",
            ("impossible tokens",),
            "both rule out",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    if len(log_probs) != len(ref_log_probs):
        raise ValueError
    ratio = log_probs - ref_log_probs
    if np.any(np.isnan(ratio)):
        raise ValueError
    return float(reward - beta * np.sum(ratio))
""",
            ("values", "negative log-ratio", "no drift", "lists and integers", "impossible tokens"),
            "unsupported operand",
        ),
        Wrong(
            """\
def rlhf_objective(reward, log_probs, ref_log_probs, beta):
    if len(log_probs) != len(ref_log_probs):
        raise ValueError
    if len(log_probs) == 0:
        return 0.0
    ratio = np.subtract(log_probs, ref_log_probs)
    if np.any(np.isnan(ratio)):
        raise ValueError
    return float(reward - beta * np.sum(ratio))
""",
            ("no drift",),
            "the result is the reward",
        ),
    ],
    "1.7": [
        Right(
            """\
def optimal_policy(ref_probs, rewards, beta):
    ref_probs, rewards = np.array(ref_probs, dtype=float), np.array(rewards, dtype=float)
    if beta <= 0:
        raise ValueError("beta must be positive")
    if np.any(ref_probs < 0) or abs(ref_probs.sum() - 1) > 1e-6:
        raise ValueError("not a distribution")
    best = rewards[ref_probs > 0].max()
    gaps = np.minimum((rewards - best) / beta, 0)
    weights = ref_probs * np.exp(gaps)
    return weights / weights.sum()
""",
            "vectorised",
        ),
        Right(
            """\
import math

def optimal_policy(ref_probs, rewards, beta):
    if not beta > 0:
        raise ValueError("beta")
    if min(ref_probs) < 0 or abs(sum(ref_probs) - 1) > 1e-6:
        raise ValueError("ref_probs")
    scores = [math.log(p) + r / beta if p > 0 else -math.inf for p, r in zip(ref_probs, rewards)]
    top = max(scores)
    weights = [math.exp(s - top) for s in scores]
    Z = sum(weights)
    return np.array([w / Z for w in weights])
""",
            "loop",
        ),
        Right(
            """\
import torch

def optimal_policy(ref_probs, rewards, beta):
    ref = torch.as_tensor(np.array(ref_probs, dtype=float))
    r = torch.as_tensor(np.array(rewards, dtype=float))
    if beta <= 0 or (ref < 0).any() or abs(ref.sum().item() - 1) > 1e-6:
        raise ValueError("bad input")
    return torch.softmax(ref.log() + r / beta, dim=0).numpy()
""",
            "torch",
        ),
        Right(
            """\
from scipy.special import logsumexp

def optimal_policy(ref_probs, rewards, beta):
    ref_probs = np.asarray(ref_probs, dtype=float)
    if beta <= 0 or ref_probs.min() < 0 or not np.isclose(ref_probs.sum(), 1, rtol=0, atol=1e-6):
        raise ValueError("bad input")
    with np.errstate(divide="ignore"):
        scores = np.log(ref_probs) + np.asarray(rewards, dtype=float) / beta
    return np.exp(scores - logsumexp(scores))
""",
            "logsumexp",
        ),
        Wrong(
            """\
def optimal_policy(ref_probs, rewards, beta):
    ref_probs, rewards = np.array(ref_probs, dtype=float), np.array(rewards, dtype=float)
    if beta <= 0 or np.any(ref_probs < 0) or abs(ref_probs.sum() - 1) > 1e-6:
        raise ValueError
    weights = ref_probs * np.exp(rewards / beta)
    return weights / weights.sum()
""",
            ("large exponents", "zeros of the reference"),
            "which step of yours overflows",
        ),
        Wrong(
            """\
def optimal_policy(ref_probs, rewards, beta):
    ref_probs, rewards = np.array(ref_probs, dtype=float), np.array(rewards, dtype=float)
    if beta <= 0 or np.any(ref_probs < 0) or abs(ref_probs.sum() - 1) > 1e-6:
        raise ValueError
    weights = ref_probs * np.exp((rewards - rewards.max()) / beta)
    return weights / weights.sum()
""",
            ("zeros of the reference",),
            "without a NaN",
        ),
        Wrong(
            """\
def optimal_policy(ref_probs, rewards, beta):
    ref_probs, rewards = np.array(ref_probs, dtype=float), np.array(rewards, dtype=float)
    if beta <= 0 or np.any(ref_probs < 0) or abs(ref_probs.sum() - 1) > 1e-6:
        raise ValueError
    weights = np.exp((rewards - rewards.max()) / beta)
    return weights / weights.sum()
""",
            ("values", "zeros of the reference", "rare responses", "properties", "lists and integers"),
            "forgot the reference",
        ),
        Wrong(
            """\
def optimal_policy(ref_probs, rewards, beta):
    ref_probs, rewards = np.array(ref_probs, dtype=float), np.array(rewards, dtype=float)
    if beta <= 0 or np.any(ref_probs < 0) or abs(ref_probs.sum() - 1) > 1e-6:
        raise ValueError
    best = rewards[ref_probs > 0].max()
    weights = ref_probs * np.exp(np.minimum(rewards - best, 0) * beta)
    return weights / weights.sum()
""",
            ("values", "large exponents", "zeros of the reference", "properties", "lists and integers"),
            "multiplied the rewards by beta",
        ),
        Wrong(
            """\
def optimal_policy(ref_probs, rewards, beta):
    ref_probs, rewards = np.array(ref_probs, dtype=float), np.array(rewards, dtype=float)
    if beta <= 0 or np.any(ref_probs < 0) or abs(ref_probs.sum() - 1) > 1e-6:
        raise ValueError
    return ref_probs * np.exp(rewards / beta)
""",
            ("values", "large exponents", "zeros of the reference", "rare responses", "properties", "lists and integers"),
            "do not sum to 1",
        ),
        Wrong(
            """\
def optimal_policy(ref_probs, rewards, beta):
    ref_probs, rewards = np.array(ref_probs, dtype=float), np.array(rewards, dtype=float)
    if beta <= 0 or np.any(ref_probs < 0) or abs(ref_probs.sum() - 1) > 1e-6:
        raise ValueError
    scores = np.log(ref_probs + 1e-12) + rewards / beta
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()
""",
            ("zeros of the reference", "rare responses"),
            "do not round small probabilities",
        ),
        Wrong(
            """\
def optimal_policy(ref_probs, rewards, beta):
    with np.errstate(all="ignore"):
        scores = np.log(np.array(ref_probs, dtype=float)) + np.array(rewards, dtype=float) / beta
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()
""",
            ("bad input",),
            "that is no distribution",
        ),
        Wrong(
            """\
def optimal_policy(ref_probs, rewards, beta):
    ref_probs, rewards = np.array(ref_probs, dtype=float), np.array(rewards, dtype=float)
    if beta <= 0 or np.any(ref_probs < 0) or abs(ref_probs.sum() - 1) > 1e-6:
        raise ValueError
    worst = rewards[ref_probs > 0].min()
    weights = ref_probs * np.exp(np.maximum(worst - rewards, -1e300) / beta) * (ref_probs > 0)
    return weights / weights.sum()
""",
            ("values", "large exponents", "zeros of the reference", "rare responses", "properties", "lists and integers"),
            "tilted the other way",
        ),
    ],
    "1.8": [
        Right(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = p > 0
    ratio = p[support] / q[support]
    return float(np.sum(p[support] * np.log(ratio)))


buggy_line_1_8 = 5
""",
            "line 5",
        ),
        Right(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = p > 0
    ratio = q[support] / p[support]
    return -float(np.sum(p[support] * np.log(ratio)))


buggy_line_1_8 = 6
""",
            "minus sign in line 6",
        ),
        Right(
            """\
from scipy.special import rel_entr

def kl_divergence(p, q):
    return rel_entr(np.asarray(p, dtype=float), np.asarray(q, dtype=float)).sum()


buggy_line_1_8 = 5
""",
            "scipy",
        ),
        Right(
            """\
import math

def kl_divergence(p, q):
    total = 0.0
    for a, b in zip(p, q):
        if a > 0:
            total += math.inf if b == 0 else a * math.log(a / b)
    return total


buggy_line_1_8 = 5
""",
            "loop",
        ),
        Wrong(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = p > 0
    ratio = q[support] / p[support]
    return float(np.sum(p[support] * np.log(ratio)))


buggy_line_1_8 = None
""",
            ALL,
            "This is still the old value",
        ),
        Wrong(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = q > 0
    ratio = q[support] / p[support]
    return float(np.sum(q[support] * np.log(ratio)))


buggy_line_1_8 = 6
""",
            ("value and sign", "outcomes with p = 0", "outcomes with q = 0"),
            "it is KL(q || p)",
        ),
        Wrong(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = (p > 0) & (q > 0)
    ratio = p[support] / q[support]
    return float(np.sum(p[support] * np.log(ratio)))


buggy_line_1_8 = 5
""",
            ("outcomes with q = 0",),
            "hides an infinite divergence",
        ),
        Wrong(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = p > 0
    ratio = q[support] / p[support]
    return float(np.sum(p[support] * np.abs(np.log(ratio))))


buggy_line_1_8 = 6
""",
            ("value and sign", "outcomes with p = 0", "equal and nearly equal"),
            "Single terms may be negative",
        ),
        Wrong(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = p > 0
    ratio = q[support] / p[support]
    return max(0.0, float(np.sum(p[support] * np.log(ratio))))


buggy_line_1_8 = 6
""",
            ("value and sign", "outcomes with p = 0", "outcomes with q = 0", "equal and nearly equal"),
            "Cutting off at 0",
        ),
        Wrong(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    ratio = p / q
    return float(np.sum(p * np.log(ratio)))


buggy_line_1_8 = 4
""",
            ("outcomes with p = 0", "`buggy_line_1_8`"),
            "must count 0",
        ),
        Wrong(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = p > 0
    ratio = p[support] / (q[support] + 1e-12)
    return float(np.sum(p[support] * np.log(ratio)))


buggy_line_1_8 = 5
""",
            ("outcomes with q = 0",),
            "A small number added to q",
        ),
        Wrong(
            """\
def kl_divergence(p, q):
    p = np.asarray(p, dtype=float)
    q = np.asarray(q, dtype=float)
    support = p > 0
    ratio = p[support] / q[support]
    return float(np.sum(p[support] * np.log2(ratio)))


buggy_line_1_8 = 5
""",
            ("value and sign", "outcomes with p = 0", "equal and nearly equal"),
            "base 2",
        ),
    ],
}
