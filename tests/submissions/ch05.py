"""Chapter 5, offline RL with IQL."""

from tests.submissions import ALL, Right, Wrong

EXCHANGED = ("values", "all levels of τ", "its minimiser", "lists and integers")
LOSS_GROUPS = ("values", "all levels of τ", "its minimiser", "properties", "lists and integers")
EXPECTILE_GROUPS = (
    "values", "extreme levels", "ties and single values", "any size", "properties", "lists and integers",
)  # fmt: skip
GRADIENT_GROUPS = ("values", "the slope of the loss", "rest at the expectile", "all on one side", "lists and integers")

BANK = {
    "5.1": [
        Right("answer_5_1 = np.mean([0.7 * (5 - 3) ** 2, 0.3 * (2 - 3) ** 2])", "formula"),
        Right("answer_5_1 = 1.55", "number"),
        Right(
            "u = np.array([5.0, 2.0]) - 3\nanswer_5_1 = (np.abs(0.7 - (u < 0)) * u**2).mean()",
            "the paper's form",
        ),
        Wrong("answer_5_1 = 0.7 * 4 + 0.3 * 1", ALL, "The loss is their mean"),
        Wrong("answer_5_1 = (0.3 * 4 + 0.7 * 1) / 2", ALL, "The weights are exchanged"),
        Wrong("answer_5_1 = 0.3 * 4 + 0.7 * 1", ALL, "Two slips"),
        Wrong("answer_5_1 = (4 + 1) / 2", ALL, "plain mean squared error"),
        Wrong("answer_5_1 = (4 + 1) / 4", ALL, "by one half"),
        Wrong("answer_5_1 = (0.7 * 2 + 0.3 * 1) / 2", ALL, "weighed the errors themselves"),
        Wrong("answer_5_1 = 4.0", ALL, "popular answer key"),
        Wrong("answer_5_1 = 2.0", ALL, "5 and 1"),
        Wrong("answer_5_1 = 1.7", ALL, "Not this number"),
    ],
    "5.2": [
        Right(
            'answer_5_2a = 0.9 * (6 - 5.5)\nanswer_5_2b = 0.1 * ((5.5 - 2) + (5.5 - 4))\nanswer_5_2c = "high"', "formula"
        ),
        Right('answer_5_2a = 0.45\nanswer_5_2b = 0.5\nanswer_5_2c = "High"', "numbers"),
        Right(
            "q = np.array([2, 4, 6.0])\nd = q - 5.5\nanswer_5_2a = 0.9 * d[d > 0].sum()\n"
            "answer_5_2b = -0.1 * d[d <= 0].sum()\nanswer_5_2c = 'high' if answer_5_2a < answer_5_2b else 'low'",
            "computed",
        ),
        Wrong('answer_5_2a = 0.5\nanswer_5_2b = 5.0\nanswer_5_2c = "high"', ("`answer_5_2a`", "`answer_5_2b`"), "1 - τ"),
        Wrong('answer_5_2a = 0.05\nanswer_5_2b = 4.5\nanswer_5_2c = "high"', ("`answer_5_2a`", "`answer_5_2b`"), "by 1 - τ"),
        Wrong('answer_5_2a = 0.45\nanswer_5_2b = 0.35\nanswer_5_2c = "low"', ("`answer_5_2b`", "`answer_5_2c`"), "Q = 4"),
        Wrong(
            'answer_5_2a = 0.9 * 0.25\nanswer_5_2b = 0.1 * (3.5**2 + 1.5**2)\nanswer_5_2c = "high"',
            ("`answer_5_2a`", "`answer_5_2b`"),
            "not squared",
        ),
        Wrong('answer_5_2a = 0.15\nanswer_5_2b = 0.5 / 3\nanswer_5_2c = "high"', ("`answer_5_2a`", "`answer_5_2b`"), "sums"),
        Wrong('answer_5_2a = 0.45\nanswer_5_2b = 0.5\nanswer_5_2c = "right"', ("`answer_5_2c`",), "Nearly"),
        Wrong('answer_5_2a = 0.45\nanswer_5_2b = 0.5\nanswer_5_2c = "low"', ("`answer_5_2c`",), "which of them"),
        Wrong('answer_5_2a = 0.45\nanswer_5_2b = 0.5\nanswer_5_2c = "lower"', ("`answer_5_2c`",), "one of the words"),
        Wrong("answer_5_2a = 0.45\nanswer_5_2b = 0.5\nanswer_5_2c = 5.4545", ("`answer_5_2c`",), "one of the words"),
    ],
    "5.3": [
        Right('answer_5_3 = "D"', "letter"),
        Right("answer_5_3 = 'd'", "small letter"),
        Right('answer_5_3 = "(D)"', "in brackets"),
        Wrong('answer_5_3 = "A"', ALL, "The roles are exchanged"),
        Wrong('answer_5_3 = "B"', ALL, "not a penalty"),
        Wrong('answer_5_3 = "C"', ALL, "shrunk or not"),
        Wrong("answer_5_3 = 4", ALL, "one of the letters"),
    ],
    "5.4": [
        Right(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1:
        raise ValueError("tau")
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    if diff.size == 0:
        raise ValueError("empty")
    weight = np.where(diff > 0, tau, 1 - tau)
    return float(np.mean(weight * diff**2))
""",
            "vectorised",
        ),
        Right(
            """\
def expectile_loss(q_values, v_values, tau):
    if tau <= 0 or tau >= 1 or len(q_values) == 0:
        raise ValueError("bad input")
    total = 0.0
    for q, v in zip(q_values, v_values):
        diff = float(q) - float(v)
        total += (tau if diff > 0 else 1 - tau) * diff * diff
    return total / len(q_values)
""",
            "loop",
        ),
        Right(
            """\
import torch

def expectile_loss(q_values, v_values, tau):
    u = torch.as_tensor(np.array(q_values, dtype=float)) - torch.as_tensor(np.array(v_values, dtype=float))
    if u.numel() == 0 or not (0.0 < tau < 1.0):
        raise ValueError
    return torch.mean(torch.abs(tau - (u < 0).double()) * u**2).item()
""",
            "torch, the paper's form",
        ),
        Right(
            """\
def expectile_loss(q_values, v_values, tau):
    assert_ok = 0 < tau < 1 and np.size(q_values) > 0
    if not assert_ok:
        raise ValueError("tau must be in (0, 1) and the batch not empty")
    diff = np.subtract(q_values, v_values, dtype=float)
    above, below = np.maximum(diff, 0), np.minimum(diff, 0)
    return (tau * (above @ above) + (1 - tau) * (below @ below)) / len(diff)
""",
            "two halves",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    return float(np.mean(np.where(diff > 0, 1 - tau, tau) * diff**2))
""",
            EXCHANGED,
            "The weights are exchanged",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    diff = np.asarray(v_values, dtype=float) - np.asarray(q_values, dtype=float)
    return float(np.mean(np.where(diff > 0, tau, 1 - tau) * diff**2))
""",
            EXCHANGED,
            "The weights are exchanged",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    return float(np.sum(np.where(diff > 0, tau, 1 - tau) * diff**2))
""",
            ("values", "all levels of τ", "lists and integers"),
            "sum over the batch",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    return float(np.mean(np.where(diff > 0, tau, 1 - tau) * np.abs(diff)))
""",
            LOSS_GROUPS,
            "gets quantiles",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    return float(np.mean(diff**2))
""",
            ("values", "all levels of τ", "its minimiser", "lists and integers"),
            "plain mean squared error",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    return float(np.mean(np.where(diff > 0, tau, 1 - tau) * diff**2))
""",
            ("bad input",),
            "must raise ValueError",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 <= tau <= 1:
        raise ValueError
    if len(q_values) == 0:
        raise ValueError
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    return float(np.mean(np.where(diff > 0, tau, 1 - tau) * diff**2))
""",
            ("bad input",),
            "the ends included",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1:
        raise ValueError
    if len(q_values) == 0:
        return 0.0
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    return float(np.mean(np.where(diff > 0, tau, 1 - tau) * diff**2))
""",
            ("bad input",),
            "empty arrays must raise",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    diff = q_values - v_values
    return float(np.mean(np.where(diff > 0, tau, 1 - tau) * diff**2))
""",
            ("lists and integers",),
            "unsupported operand",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    weight = np.where(diff > 0, tau, 1 - tau)
    return float(np.sum(weight * diff**2) / np.sum(weight))
""",
            ("values", "all levels of τ", "its minimiser", "lists and integers"),
            "divided by the sum of the weights",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
    return float(np.mean(np.where(diff > 0, tau, tau - 1) * diff**2))
""",
            LOSS_GROUPS,
            "a positive number",
        ),
        Wrong(
            """\
def expectile_loss(q_values, v_values, tau):
    if not 0 < tau < 1 or len(q_values) == 0:
        raise ValueError
    q_values = np.asarray(q_values, dtype=float)
    q_values -= np.asarray(v_values, dtype=float)
    return float(np.mean(np.where(q_values > 0, tau, 1 - tau) * q_values**2))
""",
            ("its minimiser", "properties", "lists and integers"),
            "changed the arrays",
        ),
    ],
    "5.5": [
        Right("answer_5_5a = np.mean([1, 2, 3, 4, 10])\nanswer_5_5b = 100 / 13", "by hand"),
        Right("answer_5_5a = 4.0\nanswer_5_5b = 7.69", "rounded numbers"),
        Right(
            "from scipy.stats import expectile as e\nanswer_5_5a, answer_5_5b = (e([1, 2, 3, 4, 10], t) for t in (0.5, 0.9))",
            "SciPy",
        ),
        Wrong("answer_5_5a = np.median([1, 2, 3, 4, 10])\nanswer_5_5b = 10", ALL, "median"),
        Wrong("answer_5_5a = 4\nanswer_5_5b = 7.4", ("`answer_5_5b`",), "popular answer key"),
        Wrong("answer_5_5a = 4\nanswer_5_5b = np.quantile([1, 2, 3, 4, 10], 0.9)", ("`answer_5_5b`",), "quantile"),
        Wrong("answer_5_5a = 4\nanswer_5_5b = 44 / 21", ("`answer_5_5b`",), "expectile at τ = 0.1"),
        Wrong("answer_5_5a = 2.5\nanswer_5_5b = 0.9 * 10 + 0.1 * 2.5", ALL, "Each of the four"),
        Wrong("answer_5_5a = 5.5\nanswer_5_5b = 0.9 * 10 + 0.1 * 4", ALL, "nine tenths of the way"),
        Wrong("answer_5_5a = 4\nanswer_5_5b = (0.9 * 10 + 0.1 * 10) / 5", ("`answer_5_5b`",), "sum of the weights"),
        Wrong("answer_5_5a = 4\nanswer_5_5b = None", ("`answer_5_5b`",), "Not answered"),
    ],
    "5.6": [
        Right(
            """\
def expectile(values, tau):
    x = np.asarray(values, dtype=float)
    if x.size == 0 or not 0 < tau < 1:
        raise ValueError("bad input")
    v = x.mean()
    while True:
        w = np.where(x > v, tau, 1 - tau)
        new = (w * x).sum() / w.sum()
        if abs(new - v) <= 1e-12 * max(1.0, abs(x).max()):
            return new
        v = new
""",
            "repeated weighted means",
        ),
        Right(
            """\
def expectile(values, tau):
    if len(values) == 0:
        raise ValueError("empty sample")
    if tau <= 0 or tau >= 1:
        raise ValueError("tau")
    x = [float(value) for value in values]
    low, high = min(x), max(x)
    for _ in range(200):
        v = (low + high) / 2
        pull = 0.0
        for value in x:
            pull += tau * (value - v) if value > v else (1 - tau) * (value - v)
        if pull > 0:
            low = v
        else:
            high = v
    return (low + high) / 2
""",
            "bisection, loops",
        ),
        Right(
            """\
import torch

def expectile(values, tau):
    x = torch.sort(torch.as_tensor(np.array(values, dtype=float))).values
    n = len(x)
    if n == 0 or not 0 < tau < 1:
        raise ValueError
    for k in range(n):
        w = torch.full((n,), tau, dtype=torch.float64)
        w[: k + 1] = 1 - tau
        v = ((w * x).sum() / w.sum()).item()
        if k == n - 1 or v <= x[k + 1]:
            return v
""",
            "sorted, torch",
        ),
        Right(
            """\
from scipy.optimize import brentq

def expectile(values, tau):
    x = np.array(values, dtype=float)
    if x.size == 0 or not (0 < tau < 1):
        raise ValueError
    if x.min() == x.max():
        return x[0]
    balance = lambda v: tau * np.maximum(x - v, 0).sum() - (1 - tau) * np.maximum(v - x, 0).sum()
    return brentq(balance, x.min(), x.max(), xtol=1e-13, rtol=1e-14)
""",
            "root finding",
        ),
        Right(
            """\
from scipy import stats

def expectile(values, tau):
    if len(values) == 0 or not 0 < tau < 1:
        raise ValueError
    return stats.expectile(np.array(values, dtype=float), tau)
""",
            "SciPy",
        ),
        Wrong(
            """\
def expectile(values, tau):
    if len(values) == 0 or not 0 < tau < 1:
        raise ValueError
    return float(np.quantile(values, tau))
""",
            EXPECTILE_GROUPS,
            "This is a quantile",
        ),
        Wrong(
            """\
def expectile(values, tau):
    x = np.asarray(values, dtype=float)
    if x.size == 0 or not 0 < tau < 1:
        raise ValueError
    w = np.where(x > x.mean(), tau, 1 - tau)
    return float((w * x).sum() / w.sum())
""",
            ("values", "extreme levels", "any size", "lists and integers"),
            "repeat until nothing changes",
        ),
        Wrong(
            """\
def expectile(values, tau):
    x = np.asarray(values, dtype=float)
    if x.size == 0 or not 0 < tau < 1:
        raise ValueError
    v = x.mean()
    for _ in range(200):
        w = np.where(x > v, 1 - tau, tau)
        v = (w * x).sum() / w.sum()
    return float(v)
""",
            EXPECTILE_GROUPS,
            "expectile at 1 - τ",
        ),
        Wrong(
            """\
def expectile(values, tau):
    x = np.asarray(values, dtype=float)
    if x.size == 0 or not 0 < tau < 1:
        raise ValueError
    v = x.mean()
    for _ in range(1000):
        v += 0.5 * np.mean(np.where(x > v, tau, 1 - tau) * (x - v))
    return float(v)
""",
            ("extreme levels",),
            "fixed number of gradient steps",
        ),
        Wrong(
            """\
def expectile(values, tau):
    x = np.asarray(values, dtype=float)
    if x.size == 0 or not 0 < tau < 1:
        raise ValueError
    grid = np.linspace(x.min(), x.max(), 10001)
    losses = [np.mean(np.where(x > v, tau, 1 - tau) * (x - v) ** 2) for v in grid]
    return float(grid[int(np.argmin(losses))])
""",
            ("values", "extreme levels", "ties and single values", "any size", "lists and integers"),
            "not exact to 1e-9",
        ),
        Wrong(
            """\
def expectile(values, tau):
    x = np.asarray(values, dtype=float)
    if x.size == 0 or not 0 < tau < 1:
        raise ValueError
    low, high = -100.0, 100.0
    for _ in range(100):
        v = (low + high) / 2
        if tau * np.maximum(x - v, 0).sum() > (1 - tau) * np.maximum(v - x, 0).sum():
            low = v
        else:
            high = v
    return float(v)
""",
            ("any size",),
            "start and stop by the sample",
        ),
        Wrong(
            """\
def expectile(values, tau):
    x = np.sort(np.asarray(values, dtype=float))
    if not 0 < tau < 1:
        raise ValueError
    v = np.mean(x)
    for _ in range(500):
        w = np.where(x > v, tau, 1 - tau)
        v = np.sum(w * x) / np.sum(w)
    return float(v)
""",
            ("bad input",),
            "an empty sample must raise",
        ),
        Wrong(
            """\
def expectile(values, tau):
    if len(values) == 0 or not 0 < tau < 1:
        raise ValueError
    values.sort()
    x = np.array(values, dtype=float)
    v = x[-1]
    for _ in range(500):
        w = np.where(x > v, tau, 1 - tau)
        v = np.sum(w * x) / np.sum(w)
    return float(v)
""",
            ("lists and integers",),
            "changed the array",
        ),
        Wrong(
            """\
def expectile(values, tau):
    x = np.sort(np.asarray(values, dtype=float))
    if x.size == 0 or not 0 < tau < 1:
        raise ValueError
    rest, top = x[:-1], x[-1]
    return float((tau * top + (1 - tau) * rest.sum()) / (tau + (1 - tau) * len(rest)))
""",
            ("values", "extreme levels", "ties and single values", "any size", "properties", "lists and integers"),
            "off on ordinary samples",
        ),
    ],
    "5.7": [
        Right(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, tau, 1 - tau)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = 3
""",
            "weights exchanged",
        ),
        Right(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff < 0, 1 - tau, tau)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = 3
""",
            "condition turned",
        ),
        Right(
            """\
def expectile_gradient(q_values, v, tau):
    total = 0.0
    for q in q_values:
        diff = float(q) - v
        total += (tau if diff > 0 else 1 - tau) * diff
    return -2 * total / len(q_values)


buggy_line_5_7 = 3.0
""",
            "loop",
        ),
        Right(
            """\
import torch

def expectile_gradient(q_values, v, tau):
    v = torch.tensor(float(v), dtype=torch.float64, requires_grad=True)
    u = torch.as_tensor(np.array(q_values, dtype=float)) - v
    (torch.abs(tau - (u < 0).double()) * u**2).mean().backward()
    return v.grad.item()


buggy_line_5_7 = 3
""",
            "autograd",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, 1 - tau, tau)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = 3
""",
            GRADIENT_GROUPS,
            "This is the old listing's value",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, 1 - tau, tau)
    return float(2 * np.mean(weight * diff))


buggy_line_5_7 = 4
""",
            ALL,
            "The sign was right",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = v - np.asarray(q_values, dtype=float)
    weight = np.where(diff > 0, 1 - tau, tau)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = 2
""",
            ALL,
            "V would run away",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, tau, 1 - tau)
    return float(-np.mean(weight * diff))


buggy_line_5_7 = 3
""",
            ("values", "the slope of the loss", "all on one side", "lists and integers"),
            "The factor 2",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, tau, 1 - tau)
    return float(-2 * np.sum(weight * diff))


buggy_line_5_7 = 3
""",
            ("values", "the slope of the loss", "all on one side", "lists and integers"),
            "You took the sum",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, tau, tau - 1)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = 3
""",
            GRADIENT_GROUPS,
            "the sign is in the difference already",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, tau, 0)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = 3
""",
            GRADIENT_GROUPS,
            "You left them out",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, tau, 1 - tau)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = 4
""",
            ("`buggy_line_5_7`",),
            "Line 4 is right",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = q_values - v
    weight = np.where(diff > 0, tau, 1 - tau)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = 3
""",
            ("lists and integers",),
            "unsupported operand",
        ),
        Wrong(
            """\
def expectile_gradient(q_values, v, tau):
    diff = np.asarray(q_values, dtype=float) - v
    weight = np.where(diff > 0, 1 - tau, tau)
    return float(-2 * np.mean(weight * diff))


buggy_line_5_7 = None
""",
            ALL,
            "Not answered",
        ),
    ],
}
