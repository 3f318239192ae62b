"""Chapter 0, reward modeling."""

from tests.submissions import ALL, Right, Wrong

BANK = {
    "0.1": [
        Right("answer_0_1 = 1 / (1 + np.exp(-(2.0 - 0.5)))", "formula"),
        Right("answer_0_1 = 0.818", "rounded number"),
        Right("import torch\nanswer_0_1 = torch.sigmoid(torch.tensor(1.5))", "torch"),
        Wrong("answer_0_1 = 1 / (1 + np.exp(1.5))", ALL, "probability that B wins"),
        Wrong("answer_0_1 = 2.0 / (2.0 + 0.5)", ALL, "share of the rewards"),
        Wrong("answer_0_1 = 1 / (1 + 10 ** -1.5)", ALL, "powers of 10"),
        Wrong("answer_0_1 = 0.81", ALL, "Not this number"),
        Wrong("answer_0_1 = 0.817", ALL, "last of three significant digits"),
        Wrong("answer_0_1 = '0.818'", ALL, "without quotes"),
    ],
    "0.2": [
        Right("gaps = np.array([0.7, 1.5, -0.6])\nanswer_0_2 = np.log(1 / (1 + np.exp(-gaps))).sum()", "vectorised"),
        Right("answer_0_2 = -1.64", "rounded number"),
        Right(
            "answer_0_2 = 0.0\n"
            "for w, l in [(1.0, 0.3), (2.5, 1.0), (0.2, 0.8)]:\n"
            "    answer_0_2 += -np.log(1 + np.exp(-(w - l)))",
            "loop",
        ),
        Wrong("answer_0_2 = -1.466", ALL, "older answer key"),
        Wrong("answer_0_2 = 1.642", ALL, "wrong sign"),
        Wrong("answer_0_2 = -1.642 / 3", ALL, "This is the mean"),
        Wrong("answer_0_2 = 0.668 * 0.818 * 0.354", ALL, "likelihood itself"),
        Wrong("answer_0_2 = sum(np.log10(1 / (1 + np.exp(-d))) for d in (0.7, 1.5, -0.6))", ALL, "base 10"),
        Wrong("answer_0_2 = sum(np.log(1 / (1 + np.exp(-abs(d)))) for d in (0.7, 1.5, -0.6))", ALL, "third pair"),
    ],
    "0.3": [
        Right('answer_0_3 = "C"', "letter"),
        Right("answer_0_3 = 'c'", "small letter"),
        Right('answer_0_3 = "(C)"', "in brackets"),
        Wrong('answer_0_3 = "A"', ALL, "level does not matter"),
        Wrong('answer_0_3 = "B"', ALL, "does not abstain"),
        Wrong('answer_0_3 = "D"', ALL, "Nothing breaks the tie"),
        Wrong("answer_0_3 = 0.5", ALL, "one of the letters"),
    ],
    "0.4": [
        Right("answer_0_4 = 1 - 1 / (1 + np.exp(-(0.5 - 1.5)))", "formula"),
        Right("answer_0_4 = 0.731", "rounded number"),
        Right(
            "h = 1e-6\n"
            "f = lambda r: -np.logaddexp(0, -(r - 1.5))\n"
            "answer_0_4 = (f(0.5 + h) - f(0.5 - h)) / (2 * h)",
            "finite difference",
        ),
        Wrong("answer_0_4 = -0.731", ALL, "derivative of the loss"),
        Wrong("answer_0_4 = 1 / (1 + np.exp(1.0))", ALL, "what is missing to 1"),
        Wrong("answer_0_4 = 0.731 * 0.269", ALL, "derivative of the sigmoid"),
        Wrong("answer_0_4 = [0.731]", ALL, "single number"),
    ],
    "0.5": [
        Right(
            """\
def bradley_terry(r_win, r_lose):
    r_win, r_lose = np.asarray(r_win, float), np.asarray(r_lose, float)
    if r_win.shape != r_lose.shape or r_win.size == 0:
        raise ValueError("need two arrays of one length, not empty")
    return np.mean(np.logaddexp(0, r_lose - r_win))
""",
            "vectorised",
        ),
        Right(
            """\
import math

def bradley_terry(r_win, r_lose):
    if len(r_win) != len(r_lose):
        raise ValueError("lengths differ")
    if len(r_win) == 0:
        raise ValueError("empty")
    total = 0.0
    for w, l in zip(r_win, r_lose):
        d = float(w) - float(l)
        if d > 0:
            total += math.log1p(math.exp(-d))
        else:
            total += -d + math.log1p(math.exp(d))
    return total / len(r_win)
""",
            "loop",
        ),
        Right(
            """\
import torch

def bradley_terry(r_win, r_lose):
    w = torch.as_tensor(np.array(r_win, dtype=float))
    l = torch.as_tensor(np.array(r_lose, dtype=float))
    if w.shape != l.shape or w.numel() == 0:
        raise ValueError("shapes")
    return -torch.nn.functional.logsigmoid(w - l).mean().item()
""",
            "torch",
        ),
        Right(
            """\
def bradley_terry(r_win, r_lose):
    gap = np.subtract(np.array(r_win, dtype=float), np.array(r_lose, dtype=float)) if len(r_win) == len(r_lose) else None
    if gap is None or not len(gap):
        raise ValueError("r_win and r_lose must be of one length and not empty")
    return float((np.maximum(-gap, 0) + np.log1p(np.exp(-np.abs(gap)))).mean())
""",
            "max and log1p",
        ),
        Wrong(
            """\
def bradley_terry(r_win, r_lose):
    r_win, r_lose = np.asarray(r_win, float), np.asarray(r_lose, float)
    if r_win.shape != r_lose.shape or r_win.size == 0:
        raise ValueError
    return np.sum(np.logaddexp(0, r_lose - r_win))
""",
            ("values", "badly wrong pairs", "sure pairs", "lists and integers"),
            "sum over the pairs",
        ),
        Wrong(
            """\
def bradley_terry(r_win, r_lose):
    r_win, r_lose = np.asarray(r_win, float), np.asarray(r_lose, float)
    if r_win.shape != r_lose.shape or r_win.size == 0:
        raise ValueError
    return np.mean(np.logaddexp(0, r_win - r_lose))
""",
            ("values", "badly wrong pairs", "sure pairs", "lists and integers"),
            "check the sign of the difference",
        ),
        Wrong(
            """\
def bradley_terry(r_win, r_lose):
    r_win, r_lose = np.asarray(r_win, float), np.asarray(r_lose, float)
    if r_win.shape != r_lose.shape or r_win.size == 0:
        raise ValueError
    return -np.mean(np.logaddexp(0, r_lose - r_win))
""",
            ("values", "badly wrong pairs", "sure pairs", "lists and integers"),
            "loss is its negative",
        ),
        Wrong(
            """\
def bradley_terry(r_win, r_lose):
    r_win, r_lose = np.asarray(r_win, float), np.asarray(r_lose, float)
    if r_win.shape != r_lose.shape or r_win.size == 0:
        raise ValueError
    return np.mean(np.log(1 + np.exp(r_lose - r_win)))
""",
            ("badly wrong pairs", "sure pairs"),
            "Which step of yours overflows",
        ),
        Wrong(
            """\
def bradley_terry(r_win, r_lose):
    r_win, r_lose = np.asarray(r_win, float), np.asarray(r_lose, float)
    if r_win.shape != r_lose.shape or r_win.size == 0:
        raise ValueError
    prob = 1 / (1 + np.exp(r_lose - r_win))
    return -np.mean(np.log(np.clip(prob, 1e-12, 1)))
""",
            ("badly wrong pairs", "sure pairs"),
            "A gap of 40 must cost",
        ),
        Wrong(
            """\
def bradley_terry(r_win, r_lose):
    r_win, r_lose = np.asarray(r_win, float), np.asarray(r_lose, float)
    return np.mean(np.logaddexp(0, r_lose - r_win))
""",
            ("bad input",),
            "must raise ValueError",
        ),
        Wrong(
            """\
def bradley_terry(r_win, r_lose):
    if len(r_win) != len(r_lose) or len(r_win) == 0:
        raise ValueError
    return np.mean(np.logaddexp(0, -(r_win - r_lose)))
""",
            ("values", "badly wrong pairs", "sure pairs", "lists and integers"),
            "unsupported operand",
        ),
        Wrong(
            """\
def bradley_terry(r_win, r_lose):
    r_win, r_lose = np.asarray(r_win, float), np.asarray(r_lose, float)
    if r_win.shape != r_lose.shape or r_win.size == 0:
        raise ValueError
    r_win -= r_lose
    return np.mean(np.logaddexp(0, -r_win))
""",
            ("lists and integers",),
            "changed the arrays",
        ),
    ],
    "0.6": [
        Right(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        loss += np.logaddexp(0, -(w - l))
    return loss / len(r_win)


buggy_line_0_6 = 5
""",
            "logaddexp",
        ),
        Right(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        d = w - l
        loss += max(-d, 0) + np.log1p(np.exp(-abs(d)))
    return loss / len(r_win)


buggy_line_0_6 = 5
""",
            "log1p",
        ),
        Right(
            """\
def reward_loss(r_win, r_lose):
    gaps = np.asarray(r_win, float) - np.asarray(r_lose, float)
    return np.logaddexp(0, -gaps).mean()


buggy_line_0_6 = 5.0
""",
            "vectorised",
        ),
        Wrong(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        loss -= np.log(1 + np.exp(-(w - l)))
    return loss / len(r_win)


buggy_line_0_6 = 5
""",
            ("sign and value", "stability", "one pair and many"),
            "still the log-likelihood",
        ),
        Wrong(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        prob = 1 / (1 + np.exp(-(w - l)))
        loss -= np.log(prob)
    return loss / len(r_win)


buggy_line_0_6 = 5
""",
            ("stability",),
            "neither infinite nor cut off",
        ),
        Wrong(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        prob = 1 / (1 + np.exp(-(w - l)))
        loss -= np.log(max(prob, 1e-12))
    return loss / len(r_win)


buggy_line_0_6 = 5
""",
            ("stability",),
            "A floor under the probability",
        ),
        Wrong(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        loss += np.logaddexp(0, -(w - l))
    return loss / len(r_win)


buggy_line_0_6 = 4
""",
            ("`buggy_line_0_6`",),
            "cannot live with a 0",
        ),
        Wrong(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        loss += np.logaddexp(0, -(w - l))
    return loss


buggy_line_0_6 = 5
""",
            ("sign and value", "stability", "one pair and many"),
            "division by the number of pairs",
        ),
        Wrong(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        loss += np.logaddexp(0, w - l)
    return loss / len(r_win)


buggy_line_0_6 = 5
""",
            ("sign and value", "stability", "one pair and many"),
            "falls when the loser is preferred",
        ),
        Wrong(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        loss += np.logaddexp(0, -(w - l))
        return loss / len(r_win)


buggy_line_0_6 = 5
""",
            ("sign and value", "one pair and many", "stability"),
            "One pair, and a thousand",
        ),
        Wrong(
            """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        prob = 1 / (1 + np.exp(-(w - l)))
        loss += np.log(prob)
    return loss / len(r_win)


buggy_line_0_6 = None
""",
            ALL,
            "still the log-likelihood",
        ),
    ],
    "0.7": [
        Right(
            """\
def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    c = np.asarray(comparisons, dtype=int).reshape(-1, 2)
    if len(c) and (c.min() < 0 or c.max() >= n_items):
        raise ValueError("index out of range")
    D = np.zeros((len(c), n_items))
    D[np.arange(len(c)), c[:, 0]] += 1
    D[np.arange(len(c)), c[:, 1]] -= 1
    r = np.zeros(n_items)
    for _ in range(60):
        p = 1 / (1 + np.exp(-D @ r))
        g = -D.T @ (1 - p) + l2 * r
        H = (D.T * (p * (1 - p))) @ D + l2 * np.eye(n_items)
        r = r - np.linalg.solve(H, g)
    return r
""",
            "Newton",
        ),
        Right(
            """\
from scipy.optimize import minimize

def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    w, l = np.array(comparisons).T
    if min(w.min(), l.min()) < 0 or max(w.max(), l.max()) > n_items - 1:
        raise ValueError("bad index")

    def f(r):
        s = 1 / (1 + np.exp(r[w] - r[l]))
        g = l2 * r
        np.add.at(g, w, -s)
        np.add.at(g, l, s)
        return np.logaddexp(0, r[l] - r[w]).sum() + l2 / 2 * (r @ r), g

    r = np.zeros(n_items)
    for _ in range(3):
        r = minimize(f, r, jac=True, method="BFGS", options={"gtol": 1e-11}).x
    return r
""",
            "scipy",
        ),
        Right(
            """\
import torch

def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    pairs = torch.as_tensor(np.array(comparisons))
    if pairs.min() < 0 or pairs.max() >= n_items:
        raise ValueError("index out of range")
    r = torch.zeros(n_items, dtype=torch.float64, requires_grad=True)
    opt = torch.optim.LBFGS([r], lr=1, max_iter=2000, tolerance_grad=1e-11, tolerance_change=1e-16,
                            line_search_fn="strong_wolfe")

    def closure():
        opt.zero_grad()
        loss = torch.nn.functional.softplus(r[pairs[:, 1]] - r[pairs[:, 0]]).sum() + l2 / 2 * (r ** 2).sum()
        loss.backward()
        return loss

    for _ in range(5):
        opt.step(closure)
    return r.detach().numpy()
""",
            "torch",
        ),
        Wrong(
            """\
def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    c = np.asarray(comparisons)
    if c.min() < 0 or c.max() >= n_items:
        raise ValueError("index out of range")
    r = np.zeros(n_items)
    for _ in range(200):
        s = 1 / (1 + np.exp(r[c[:, 0]] - r[c[:, 1]]))
        g = l2 * r
        np.add.at(g, c[:, 0], -s)
        np.add.at(g, c[:, 1], s)
        r = r - 0.01 * g
    return r
""",
            ("the minimum", "the penalty", "one-sided results", "plain lists"),
            "the optimiser stopped early",
        ),
        Wrong(
            """\
def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    c = np.asarray(comparisons)
    if c.min() < 0 or c.max() >= n_items:
        raise ValueError("index out of range")
    D = np.zeros((len(c), n_items))
    D[np.arange(len(c)), c[:, 0]] += 1
    D[np.arange(len(c)), c[:, 1]] -= 1
    r = np.zeros(n_items)
    for _ in range(60):
        p = 1 / (1 + np.exp(-D @ r))
        g = -D.T @ (1 - p) / len(c) + l2 * r
        H = (D.T * (p * (1 - p))) @ D / len(c) + l2 * np.eye(n_items)
        r = r - np.linalg.solve(H, g)
    return r
""",
            ("the minimum", "the penalty", "one-sided results", "plain lists"),
            "mean of the losses",
        ),
        Wrong(
            """\
def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    c = np.asarray(comparisons)
    if c.min() < 0 or c.max() >= n_items:
        raise ValueError("index out of range")
    D = np.zeros((len(c), n_items))
    D[np.arange(len(c)), c[:, 0]] += 1
    D[np.arange(len(c)), c[:, 1]] -= 1
    r = np.zeros(n_items)
    for _ in range(60):
        p = 1 / (1 + np.exp(-D @ r))
        g = -D.T @ (1 - p) + 2 * l2 * r
        H = (D.T * (p * (1 - p))) @ D + 2 * l2 * np.eye(n_items)
        r = r - np.linalg.solve(H, g)
    return r
""",
            ("the minimum", "the penalty", "one-sided results", "plain lists"),
            "twice too strong",
        ),
        Wrong(
            """\
def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    c = np.asarray(comparisons)
    if c.min() < 0 or c.max() >= n_items:
        raise ValueError("index out of range")
    D = np.zeros((len(c), n_items))
    D[np.arange(len(c)), c[:, 0]] -= 1
    D[np.arange(len(c)), c[:, 1]] += 1
    r = np.zeros(n_items)
    for _ in range(60):
        p = 1 / (1 + np.exp(-D @ r))
        g = -D.T @ (1 - p) + l2 * r
        H = (D.T * (p * (1 - p))) @ D + l2 * np.eye(n_items)
        r = r - np.linalg.solve(H, g)
    return r
""",
            ("the minimum", "the penalty", "one-sided results", "plain lists"),
            "Winner and loser are exchanged",
        ),
        Wrong(
            """\
def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    c = np.asarray(comparisons)
    D = np.zeros((len(c), n_items))
    D[np.arange(len(c)), c[:, 0]] += 1
    D[np.arange(len(c)), c[:, 1]] -= 1
    r = np.zeros(n_items)
    for _ in range(60):
        p = 1 / (1 + np.exp(-D @ r))
        g = -D.T @ (1 - p) + l2 * r
        H = (D.T * (p * (1 - p))) @ D + l2 * np.eye(n_items)
        r = r - np.linalg.solve(H, g)
    return r
""",
            ("bad indices",),
            "NumPy takes -1 for the last item",
        ),
        Wrong(
            """\
def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    c = np.asarray(comparisons)
    if c.min() < 0 or c.max() >= n_items:
        raise ValueError("index out of range")
    D = np.zeros((len(c), n_items))
    D[np.arange(len(c)), c[:, 0]] += 1
    D[np.arange(len(c)), c[:, 1]] -= 1
    r = np.zeros(n_items)
    for _ in range(60):
        p = 1 / (1 + np.exp(-D @ r))
        g = -D.T @ (1 - p) + 0.01 * r
        H = (D.T * (p * (1 - p))) @ D + 0.01 * np.eye(n_items)
        r = r - np.linalg.solve(H, g)
    return r
""",
            ("the penalty", "one-sided results"),
            "With another l2",
        ),
    ],
}
