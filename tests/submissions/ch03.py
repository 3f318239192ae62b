"""Chapter 3, direct preference optimisation."""

from tests.submissions import ALL, Right, Wrong

BANK = {
    "3.1": [
        Right("answer_3_1 = (-5.0 - -6.0) - (-4.5 - -4.0)", "formula"),
        Right("answer_3_1 = 1.5", "number"),
        Right(
            "answer_3_1 = np.log((np.exp(-5.0) / np.exp(-6.0)) / (np.exp(-4.5) / np.exp(-4.0)))",
            "through probabilities",
        ),
        Wrong("answer_3_1 = (-5.0 + 6.0) + (-4.5 + 4.0)", ALL, "added the two log-ratios"),
        Wrong("answer_3_1 = (-4.5 + 4.0) - (-5.0 + 6.0)", ALL, "wrong sign"),
        Wrong("answer_3_1 = -5.0 - -4.5", ALL, "policy's own difference"),
        Wrong("answer_3_1 = -6.0 - -4.0", ALL, "The policy is missing"),
        Wrong("answer_3_1 = -5.0 - -6.0", ALL, "winner's log-ratio alone"),
        Wrong("answer_3_1 = 0.1 * 1.5", ALL, "gap in implicit reward"),
        Wrong("answer_3_1 = np.exp(1.5)", ALL, "ratio of the two ratios"),
        Wrong("answer_3_1 = 1.6", ALL, "Not this number"),
    ],
    "3.2": [
        Right("answer_3_2 = -np.log(1 / (1 + np.exp(-0.1 * 1.5)))", "formula"),
        Right("answer_3_2 = 0.621", "rounded number"),
        Right(
            "import torch\nanswer_3_2 = -torch.nn.functional.logsigmoid(torch.tensor(0.15, dtype=torch.float64))",
            "torch",
        ),
        Wrong("answer_3_2 = -np.log(0.537)", ALL, "as a popular answer key does"),
        Wrong("answer_3_2 = 0.62", ALL, "last of three significant digits"),
        Wrong("answer_3_2 = -0.621", ALL, "this is the log-likelihood"),
        Wrong("answer_3_2 = np.log(1 + np.exp(0.15))", ALL, "sign inside the exponential"),
        Wrong("answer_3_2 = np.log(1 + np.exp(-1.5))", ALL, "left beta out"),
        Wrong("answer_3_2 = 1 / (1 + np.exp(-0.15))", ALL, "the sigmoid itself"),
        Wrong("answer_3_2 = 1 / (1 + np.exp(0.15))", ALL, "weight of the gradient"),
        Wrong("answer_3_2 = 0.1 * np.log(1 + np.exp(-1.5))", ALL, "outside the logarithm"),
        Wrong("answer_3_2 = np.log10(1 + np.exp(-0.15))", ALL, "base 10"),
    ],
    "3.3": [
        Right('answer_3_3 = "C"', "letter"),
        Right("answer_3_3 = 'c'", "small letter"),
        Wrong('answer_3_3 = "A"', ALL, "The reference stands in every log-ratio"),
        Wrong('answer_3_3 = "B"', ALL, "Preferences are all that DPO learns from"),
        Wrong('answer_3_3 = "D"', ALL, "DPO samples none"),
        Wrong('answer_3_3 = "reward model"', ALL, "one of the letters"),
    ],
    "3.4": [
        Right("answer_3_4 = 1 - 0.95", "formula"),
        Right("answer_3_4 = 0.05", "number"),
        Right(
            "u = np.log(0.95 / 0.05)\n"
            "h = 1e-5\n"
            "loss = lambda u: np.logaddexp(0, -u)\n"
            "answer_3_4 = -(loss(u + h) - loss(u - h)) / (2 * h)",
            "finite difference",
        ),
        Wrong("answer_3_4 = 0.95", ALL, "what is missing to 1"),
        Wrong("answer_3_4 = -0.05", ALL, "minus sign belongs to the gradient"),
        Wrong("answer_3_4 = 0.95 * 0.05", ALL, "derivative of the sigmoid"),
        Wrong("answer_3_4 = -np.log(0.95)", ALL, "the loss of the pair"),
        Wrong("answer_3_4 = 0.1 * 0.05", ALL, "beside the weight"),
        Wrong("answer_3_4 = 0.5", ALL, "margin 0"),
    ],
    "3.5": [
        Right(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError("need four arrays of one length, not empty")
    return np.mean(np.logaddexp(0, -beta * ((lw - rw) - (ll - rl))))
""",
            "vectorised",
        ),
        Right(
            """\
import math

def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lengths = {len(a) for a in (logp_win, ref_win, logp_lose, ref_lose)}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"lengths {lengths}")
    total = 0.0
    for lw, rw, ll, rl in zip(logp_win, ref_win, logp_lose, ref_lose):
        u = beta * ((float(lw) - float(rw)) - (float(ll) - float(rl)))
        if u > 0:
            total += math.log1p(math.exp(-u))
        else:
            total += -u + math.log1p(math.exp(u))
    return total / len(logp_win)
""",
            "loop",
        ),
        Right(
            """\
import torch

def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    tensors = [torch.as_tensor(np.array(a, dtype=float)) for a in (logp_win, ref_win, logp_lose, ref_lose)]
    if len({t.shape for t in tensors}) > 1 or tensors[0].numel() == 0:
        raise ValueError("shapes")
    lw, rw, ll, rl = tensors
    logits = (lw - ll) - (rw - rl)
    return -torch.nn.functional.logsigmoid(beta * logits).mean().item()
""",
            "torch",
        ),
        Right(
            """\
from scipy.special import log_expit

def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    sizes = [np.size(a) for a in (logp_win, ref_win, logp_lose, ref_lose)]
    if min(sizes) == 0 or min(sizes) != max(sizes):
        raise ValueError("bad sizes")
    stacked = np.array([logp_win, ref_win, logp_lose, ref_lose], dtype=float)
    margins = np.array([1, -1, -1, 1]) @ stacked
    return float(-log_expit(beta * margins).mean())
""",
            "scipy",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean(np.log(1 + np.exp(-beta * ((lw - rw) - (ll - rl)))))
""",
            ("hopeless pairs", "settled pairs"),
            "Which step of yours overflows",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean(np.logaddexp(0, -beta * ((lw - rw) + (ll - rl))))
""",
            ("values", "policy equals reference", "winner and loser exchanged", "hopeless pairs", "settled pairs",
             "long responses", "lists and integers"),
            "added the two log-ratios",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean(np.logaddexp(0, beta * ((lw - rw) - (ll - rl))))
""",
            ("values", "winner and loser exchanged", "hopeless pairs", "settled pairs", "long responses",
             "lists and integers"),
            "check the sign in front of beta",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, ll = np.asarray(logp_win, dtype=float), np.asarray(logp_lose, dtype=float)
    if not len(lw) == len(ref_win) == len(ll) == len(ref_lose) or lw.size == 0:
        raise ValueError
    return np.mean(np.logaddexp(0, -beta * (lw - ll)))
""",
            ("values", "policy equals reference", "winner and loser exchanged", "hopeless pairs", "settled pairs",
             "long responses", "lists and integers"),
            "The reference is missing",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.sum(np.logaddexp(0, -beta * ((lw - rw) - (ll - rl))))
""",
            ("values", "policy equals reference", "hopeless pairs", "settled pairs", "long responses",
             "lists and integers"),
            "sum over the pairs",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean(np.logaddexp(0, -((lw - rw) - (ll - rl))))
""",
            ("values", "winner and loser exchanged", "hopeless pairs", "settled pairs", "long responses",
             "lists and integers"),
            "does not depend on beta",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    pw, qw, pl, ql = (np.exp(np.asarray(a, dtype=float)) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not pw.shape == qw.shape == pl.shape == ql.shape or pw.size == 0:
        raise ValueError
    return np.mean(np.logaddexp(0, -beta * np.log((pw / qw) / (pl / ql))))
""",
            ("hopeless pairs", "long responses"),
            "Stay with logarithms",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    return np.mean(np.logaddexp(0, -beta * ((lw - rw) - (ll - rl))))
""",
            ("bad input",),
            "must raise ValueError",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.logaddexp(0, -beta * np.mean((lw - rw) - (ll - rl)))
""",
            ("values", "lists and integers", "settled pairs", "long responses"),
            "loss of the mean margin",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    lw -= rw
    ll -= rl
    return np.mean(np.logaddexp(0, -beta * (lw - ll)))
""",
            ("lists and integers",),
            "changed the arrays",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    loss = np.mean(np.logaddexp(0, -beta * ((lw - rw) - (ll - rl))))
    print(loss)
""",
            ("values", "policy equals reference", "winner and loser exchanged", "hopeless pairs", "settled pairs",
             "long responses", "lists and integers"),
            "What your function returned is a NoneType",
        ),
        Wrong(
            """\
def dpo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    if not len(logp_win) == len(ref_win) == len(logp_lose) == len(ref_lose) or len(logp_win) == 0:
        raise ValueError
    margins = (logp_win - ref_win) - (logp_lose - ref_lose)
    return np.mean(np.logaddexp(0, -beta * margins))
""",
            ("values", "hopeless pairs", "settled pairs", "lists and integers"),
            "unsupported operand",
        ),
    ],
    "3.6": [
        Right(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win - ratio_lose
        loss += np.logaddexp(0, -beta * delta)
    return loss / len(lp_win)


buggy_line_3_6 = 6
""",
            "logaddexp",
        ),
        Right(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win - ratio_lose
        x = -beta * delta
        loss += max(x, 0) + np.log1p(np.exp(-abs(x)))
    return loss / len(lp_win)


buggy_line_3_6 = 6
""",
            "max and log1p",
        ),
        Right(
            """\
import torch

def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    lw, rw, ll, rl = (torch.as_tensor(np.array(a, dtype=float)) for a in (lp_win, ref_win, lp_lose, ref_lose))
    return torch.nn.functional.softplus(-beta * ((lw - rw) - (ll - rl)), threshold=50).mean()


buggy_line_3_6 = 6.0
""",
            "torch",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win - ratio_lose
        loss += np.log1p(np.exp(-beta * delta))
    return loss / len(lp_win)


buggy_line_3_6 = 6
""",
            ("stability",),
            "neither infinite nor cut off",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win - ratio_lose
        loss += np.log1p(np.exp(np.clip(-beta * delta, -50, 50)))
    return loss / len(lp_win)


buggy_line_3_6 = 6
""",
            ("stability",),
            "cut off",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win + ratio_lose
        loss += np.logaddexp(0, -beta * delta)
    return loss / len(lp_win)


buggy_line_3_6 = 7
""",
            ALL,
            "still falls when *both* responses gain",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win - ratio_lose
        loss += np.logaddexp(0, -beta * delta)
    return loss / len(lp_win)


buggy_line_3_6 = 7
""",
            ("`buggy_line_3_6`",),
            "the wrong thing to train",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_lose - ratio_win
        loss += np.logaddexp(0, -beta * delta)
    return loss / len(lp_win)


buggy_line_3_6 = 6
""",
            ("values", "stability"),
            "it falls when the loser gains",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        delta = lp_win[i] - lp_lose[i]
        loss += np.logaddexp(0, -beta * delta)
    return loss / len(lp_win)


buggy_line_3_6 = 6
""",
            ("values", "stability"),
            "The reference got lost",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win - ratio_lose
        loss += np.logaddexp(0, -beta * delta)
    return loss


buggy_line_3_6 = 6
""",
            ("values", "stability"),
            "division by the number of pairs",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win - ratio_lose
        loss += max(0.0, -beta * delta)
    return loss / len(lp_win)


buggy_line_3_6 = 6
""",
            ("values",),
            "The loss got a corner",
        ),
        Wrong(
            """\
def debugged_dpo_loss(lp_win, ref_win, lp_lose, ref_lose, beta):
    loss = 0.0
    for i in range(len(lp_win)):
        ratio_win = lp_win[i] - ref_win[i]
        ratio_lose = lp_lose[i] - ref_lose[i]
        delta = ratio_win + ratio_lose
        loss += np.log1p(np.exp(-beta * delta))
    return loss / len(lp_win)


buggy_line_3_6 = None
""",
            ALL,
            "*both* responses gain",
        ),
    ],
    "3.7": [
        Right(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError("need four arrays of one length, not empty")
    return np.mean(((lw - rw) - (ll - rl) - 1 / (2 * beta)) ** 2)
""",
            "vectorised",
        ),
        Right(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    n = len(logp_win)
    if n == 0 or len(ref_win) != n or len(logp_lose) != n or len(ref_lose) != n:
        raise ValueError("lengths")
    total = 0.0
    for i in range(n):
        margin = (float(logp_win[i]) - float(ref_win[i])) - (float(logp_lose[i]) - float(ref_lose[i]))
        total += (margin - 0.5 / beta) ** 2
    return total / n
""",
            "loop",
        ),
        Right(
            """\
import torch

def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    tensors = [torch.as_tensor(np.array(a, dtype=float)) for a in (logp_win, ref_win, logp_lose, ref_lose)]
    if len({t.shape for t in tensors}) > 1 or tensors[0].numel() == 0:
        raise ValueError("shapes")
    lw, rw, ll, rl = tensors
    margin = lw - rw - ll + rl
    return torch.nn.functional.mse_loss(margin, torch.full_like(margin, 1 / (2 * beta))).item()
""",
            "torch",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.sum(((lw - rw) - (ll - rl) - 1 / (2 * beta)) ** 2)
""",
            ("values", "the target", "each pair its own", "lists and integers"),
            "sum over the pairs",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean(((lw - rw) - (ll - rl) - 1 / 2 * beta) ** 2)
""",
            ("values", "the target", "each pair its own", "lists and integers"),
            "Put brackets around",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean((beta * ((lw - rw) - (ll - rl)) - 0.5) ** 2)
""",
            ("values", "the target", "each pair its own", "lists and integers"),
            "beta squared times the loss",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean(((lw - rw) - (ll - rl) - 1 / beta) ** 2)
""",
            ("values", "the target", "each pair its own", "lists and integers"),
            "twice too large",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean(((ll - rl) - (lw - rw) - 1 / (2 * beta)) ** 2)
""",
            ("values", "the target", "each pair its own", "lists and integers"),
            "Your target is negative",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean(np.maximum(0, 1 / (2 * beta) - ((lw - rw) - (ll - rl))) ** 2)
""",
            ("values", "the target", "each pair its own", "lists and integers"),
            "IPO pulls such a margin back",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return (np.mean((lw - rw) - (ll - rl)) - 1 / (2 * beta)) ** 2
""",
            ("values", "each pair its own", "lists and integers"),
            "distance of the mean margin",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, ll = np.asarray(logp_win, dtype=float), np.asarray(logp_lose, dtype=float)
    if not len(lw) == len(ref_win) == len(ll) == len(ref_lose) or lw.size == 0:
        raise ValueError
    return np.mean(((lw - ll) - 1 / (2 * beta)) ** 2)
""",
            ("values", "the target", "lists and integers"),
            "The reference is missing",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    return np.mean(((lw - rw) - (ll - rl) - 1 / (2 * beta)) ** 2)
""",
            ("bad input",),
            "must raise ValueError",
        ),
        Wrong(
            """\
def ipo_loss(logp_win, ref_win, logp_lose, ref_lose, beta):
    lw, rw, ll, rl = (np.asarray(a, dtype=float) for a in (logp_win, ref_win, logp_lose, ref_lose))
    if not lw.shape == rw.shape == ll.shape == rl.shape or lw.size == 0:
        raise ValueError
    return np.mean((lw - rw) - (ll - rl) - 1 / (2 * beta))
""",
            ("values", "the target", "each pair its own", "lists and integers"),
            "equally far above and below it",
        ),
    ],
}
