"""Chapter 7, reward shaping."""

from tests.submissions import ALL, Right, Wrong

BANK = {
    "7.1": [
        Right("phi = lambda r, c: -(abs(r) + abs(c))\nanswer_7_1 = 0 + 0.99 * phi(2, 2) - phi(2, 3)", "formula"),
        Right("answer_7_1 = 1.04", "number"),
        Right("cells = np.array([[2, 3], [2, 2]])\nphi = -cells.sum(axis=1)\nanswer_7_1 = 0.99 * phi[1] - phi[0]", "arrays"),
        Wrong("answer_7_1 = -4 - (-5)", ALL, "discount is missing"),
        Wrong("answer_7_1 = 0.99 * (-6) - (-5)", ALL, "step away from the goal"),
        Wrong("answer_7_1 = 0.99 * (-5) - (-4)", ALL, "Old and new cell are exchanged"),
        Wrong("answer_7_1 = 0.99 * 4 - 5", ALL, "wrong sign"),
        Wrong("answer_7_1 = -4 - 0.99 * (-5)", ALL, "discount stands at the wrong potential"),
        Wrong("answer_7_1 = 0.99 * (-4) - 5", ALL, "mind the two signs"),
        Wrong("answer_7_1 = 0.99 * (-5) - (-5)", ALL, "bonus for standing still"),
        Wrong("answer_7_1 = 1.5", ALL, "Not this number"),
    ],
    "7.2": [
        Right("answer_7_2 = (3 - 5) + (1 - 3) + (0 - 1)", "sum"),
        Right("answer_7_2 = -5.0", "number"),
        Right("answer_7_2 = np.diff([5, 3, 1, 0]).sum()", "numpy"),
        Right(
            "phi = [5, 3, 1, 0]\nanswer_7_2 = 0\nfor t in range(3):\n    answer_7_2 += 1.0 ** t * (1.0 * phi[t + 1] - phi[t])",
            "loop",
        ),
        Wrong("answer_7_2 = 5", ALL, "wrong sign"),
        Wrong("answer_7_2 = -4", ALL, "last step is missing"),
        Wrong("answer_7_2 = 5 + 3 + 1 + 0", ALL, "added the potentials"),
        Wrong("answer_7_2 = -5 / 3", ALL, "mean of the three terms"),
        Wrong("answer_7_2 = 0 - 1", ALL, "last term alone"),
        Wrong("answer_7_2 = 3 - 5", ALL, "first term alone"),
    ],
    "7.3": [
        Right('answer_7_3 = "B"', "letter"),
        Right("answer_7_3 = '(b)'", "small, in brackets"),
        Wrong('answer_7_3 = "A"', ALL, "not a function of the state"),
        Wrong('answer_7_3 = "C"', ALL, "not the same constant"),
        Wrong('answer_7_3 = "D"', ALL, "finite, not harmless"),
    ],
    "7.4": [
        Right('answer_7_4 = "D"', "letter"),
        Right("answer_7_4 = 'd.'", "small, with a dot"),
        Wrong('answer_7_4 = "A"', ALL, "until the first goal"),
        Wrong('answer_7_4 = "B"', ALL, "ignores walls"),
        Wrong('answer_7_4 = "C"', ALL, "same value in every cell"),
    ],
    "7.5": [
        Right('answer_7_5 = "A"', "letter"),
        Right("answer_7_5 = 'a'", "small letter"),
        Wrong('answer_7_5 = "B"', ALL, "not the same for all responses"),
        Wrong('answer_7_5 = "C"', ALL, "a little is not nothing"),
        Wrong('answer_7_5 = "D"', ALL, "the sum is the same"),
    ],
    "7.6": [
        Right(
            """\
def shaping_terms(potentials, dones, gamma):
    phi, dones = np.array(potentials, dtype=float), np.array(dones, dtype=bool)
    if len(phi) != len(dones) + 1:
        raise ValueError("one potential more than steps")
    return gamma * np.where(dones, 0.0, phi[1:]) - phi[:-1]
""",
            "vectorised",
        ),
        Right(
            """\
def shaping_terms(potentials, dones, gamma):
    if len(potentials) != len(dones) + 1:
        raise ValueError(f"{len(potentials)} potentials for {len(dones)} steps")
    terms = []
    for t, done in enumerate(dones):
        bonus = -float(potentials[t])
        if not done:
            bonus += gamma * potentials[t + 1]
        terms.append(bonus)
    return np.array(terms)
""",
            "loop",
        ),
        Right(
            """\
import torch

def shaping_terms(potentials, dones, gamma):
    phi = torch.tensor(np.asarray(potentials), dtype=torch.float64)
    end = torch.tensor(np.asarray(dones)).bool()
    if phi.shape[0] - end.shape[0] != 1:
        raise ValueError("lengths")
    return (gamma * phi[1:].masked_fill(end, 0.0) - phi[:-1]).numpy()
""",
            "torch",
        ),
        Right(
            """\
def shaping_terms(potentials, dones, gamma):
    after = np.array(potentials[1:], dtype=float)
    before = np.array(potentials[:-1], dtype=float)
    if after.shape != np.shape(dones):
        raise ValueError("potentials must be one longer than dones")
    after[np.array(dones, dtype=bool)] = 0
    return [gamma * a - b for a, b in zip(after, before)]
""",
            "list",
        ),
        Right(
            """\
def shaping_terms(potentials, dones, gamma):
    if len(potentials) != len(dones) + 1:
        raise ValueError
    return gamma * np.where(dones, 0.0, potentials[1:]) - potentials[:-1]
""",
            "short",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    phi = np.array(potentials, dtype=float)
    if len(phi) != len(dones) + 1:
        raise ValueError
    return gamma * phi[1:] - phi[:-1]
""",
            ("terminal steps", "several episodes in one record", "unknown potential at the end", "lists and whole numbers"),
            "must count as 0",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    phi, dones = np.array(potentials, dtype=float), np.array(dones, dtype=float)
    if len(phi) != len(dones) + 1:
        raise ValueError
    return gamma * phi[1:] * (1 - dones) - phi[:-1]
""",
            ("unknown potential at the end",),
            "multiplying nan by 0 gives nan",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    phi, dones = np.array(potentials, dtype=float), np.array(dones, dtype=bool)
    if len(phi) != len(dones) + 1:
        raise ValueError
    phi[1:][dones] = 0.0
    return gamma * phi[1:] - phi[:-1]
""",
            ("several episodes in one record", "lists and whole numbers"),
            "must not be wiped out",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    phi, dones = np.array(potentials, dtype=float), np.array(dones, dtype=bool)
    if len(phi) != len(dones) + 1:
        raise ValueError
    return np.where(dones, 0.0, gamma * phi[1:] - phi[:-1])
""",
            ("terminal steps", "several episodes in one record", "unknown potential at the end", "lists and whole numbers"),
            "set the whole bonus of the last step to 0",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    phi, dones = np.array(potentials, dtype=float), np.array(dones, dtype=bool)
    if len(phi) != len(dones) + 1:
        raise ValueError
    return phi[:-1] - gamma * np.where(dones, 0.0, phi[1:])
""",
            (
                "steps inside an episode",
                "terminal steps",
                "several episodes in one record",
                "unknown potential at the end",
                "lists and whole numbers",
            ),
            "Every sign is turned round",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    phi, dones = np.array(potentials, dtype=float), np.array(dones, dtype=bool)
    if len(phi) != len(dones) + 1:
        raise ValueError
    return np.where(dones, 0.0, phi[1:]) - phi[:-1]
""",
            (
                "steps inside an episode",
                "several episodes in one record",
                "unknown potential at the end",
                "lists and whole numbers",
                "terminal steps",
            ),
            "discount is missing",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    phi, dones = np.array(potentials, dtype=float), np.array(dones, dtype=bool)
    if len(phi) != len(dones) + 1:
        raise ValueError
    return gamma ** np.arange(len(dones)) * (gamma * np.where(dones, 0.0, phi[1:]) - phi[:-1])
""",
            (
                "steps inside an episode",
                "terminal steps",
                "several episodes in one record",
                "unknown potential at the end",
                "lists and whole numbers",
            ),
            "belongs to the return",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    phi, dones = np.array(potentials, dtype=float), np.array(dones, dtype=bool)
    n = min(len(phi) - 1, len(dones))
    return gamma * np.where(dones[:n], 0.0, phi[1:n + 1]) - phi[:n]
""",
            ("bad input",),
            "one potential more than there are steps",
        ),
        Wrong(
            """\
def shaping_terms(potentials, dones, gamma):
    if len(potentials) != len(dones) + 1:
        raise ValueError
    potentials = np.asarray(potentials, dtype=float)
    terms = gamma * potentials[1:] - potentials[:-1]
    terms[-1] = -potentials[-2]
    return terms
""",
            ("steps inside an episode", "several episodes in one record", "lists and whole numbers"),
            "On steps that do not end an episode",
        ),
    ],
    "7.7": [
        Right(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    n = len(F)
    rows, wanted = [], []
    for s in range(n):
        for t in range(n):
            if not np.isnan(F[s, t]):
                row = np.zeros(n)
                row[t] += gamma
                row[s] -= 1
                rows.append(row)
                wanted.append(F[s, t])
    if not rows:
        return True
    A, b = np.array(rows), np.array(wanted)
    phi = np.linalg.lstsq(A, b, rcond=None)[0]
    return bool(np.all(np.abs(A @ phi - b) <= tol))
""",
            "least squares",
        ),
        Right(
            """\
from scipy.optimize import linprog

def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.array(shaping, dtype=float)
    s, t = np.where(np.isfinite(F))
    if s.size == 0:
        return True
    eye = np.eye(len(F))
    A, f = gamma * eye[t] - eye[s], F[s, t]
    scale = max(1.0, np.abs(f).max())
    # exact up to the solver's own feasibility tolerance: polish the candidate by one projection
    ones = np.ones((len(f), 1))
    result = linprog(np.append(np.zeros(len(F)), 1), A_ub=np.block([[A, -ones], [-A, -ones]]),
                     b_ub=np.append(f, -f) / scale, bounds=(None, None), method="highs")
    phi = scale * result.x[:-1]
    phi = phi - np.linalg.pinv(A) @ (A @ phi - f)
    return bool(np.max(np.abs(A @ phi - f)) <= tol)
""",
            "linear program",
        ),
        Right(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    # walk through each island; every potential is written as slope * (potential of the island's first state) + offset
    F = np.asarray(shaping, dtype=float)
    n = len(F)
    if gamma == 0:
        return all(np.ptp(row[~np.isnan(row)]) <= tol for row in F if not np.isnan(row).all())
    known = {}
    for root in range(n):
        if root in known:
            continue
        known[root] = (1.0, 0.0)
        island, todo = [root], [root]
        while todo:
            u = todo.pop(0)
            a, b = known[u]
            for v in range(n):
                if v not in known and not np.isnan(F[u, v]):
                    known[v] = (a / gamma, (F[u, v] + b) / gamma)
                elif v not in known and not np.isnan(F[v, u]):
                    known[v] = (gamma * a, gamma * b - F[v, u])
                else:
                    continue
                island.append(v)
                todo.append(v)
        conditions = [(gamma * known[v][0] - known[u][0], F[u, v] - gamma * known[v][1] + known[u][1])
                      for u in island for v in island if not np.isnan(F[u, v])]
        slopes = np.array([c[0] for c in conditions])
        rests = np.array([c[1] for c in conditions])
        if len(slopes) == 0:
            continue
        level = 0.0
        if np.abs(slopes).max() > 1e-9:
            level = slopes @ rests / (slopes @ slopes)
        if np.abs(slopes * level - rests).max() > 10 * tol + 1e-13 * np.abs(rests).max():
            return False
    return True
""",
            "graph walk",
        ),
        Right(
            """\
import torch

def is_potential_based(shaping, gamma, tol=1e-8):
    F = torch.tensor(np.asarray(shaping), dtype=torch.float64)
    s, t = torch.where(~torch.isnan(F))
    if len(s) == 0:
        return True
    eye = torch.eye(len(F), dtype=torch.float64)
    A, f = gamma * eye[t] - eye[s], F[s, t]
    phi = torch.linalg.pinv(A) @ f
    return bool((A @ phi - f).abs().max() <= tol)
""",
            "torch",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    return True
""",
            ALL,
            "On full tables your verdict is wrong",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    pairs = F + F.T
    return bool(np.all(np.isnan(pairs) | (np.abs(pairs) <= tol)))
""",
            ALL,
            "Two ways between the same states",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    s, t = np.where(~np.isnan(F))
    if len(s) == 0:
        return True
    eye = np.eye(len(F))
    A, f = eye[t] - eye[s], F[s, t]
    phi = np.linalg.lstsq(A, f, rcond=None)[0]
    return bool(np.abs(A @ phi - f).max() <= tol)
""",
            ALL,
            "With a discount below 1",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.nan_to_num(np.asarray(shaping, dtype=float))
    n = len(F)
    s, t = np.divmod(np.arange(n * n), n)
    eye = np.eye(n)
    A, f = gamma * eye[t] - eye[s], F[s, t]
    phi = np.linalg.lstsq(A, f, rcond=None)[0]
    return bool(np.abs(A @ phi - f).max() <= tol)
""",
            ("missing transitions", "two ways to one place", "islands"),
            "Only those that exist make a demand",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    s, t = np.where(~np.isnan(F))
    if len(s) == 0:
        return True
    A = np.zeros((len(s), len(F)))
    A[np.arange(len(s)), t] = gamma
    A[np.arange(len(s)), s] = -1
    f = F[s, t]
    phi = np.linalg.lstsq(A, f, rcond=None)[0]
    return bool(np.abs(A @ phi - f).max() <= tol)
""",
            ("every transition exists", "missing transitions", "the discount", "islands", "tolerance"),
            "standing still earns",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    s, t = np.where(~np.isnan(F))
    if len(s) == 0:
        return True
    eye = np.eye(len(F))
    A, f = gamma * eye[t] - eye[s], F[s, t]
    left_over = np.linalg.lstsq(A, f, rcond=None)[1]
    return bool(np.all(left_over <= tol ** 2))
""",
            ("every transition exists", "missing transitions", "two ways to one place", "the discount", "islands"),
            "Two ways between the same states",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    s, t = np.where(~np.isnan(F))
    if len(s) == 0:
        return True
    eye = np.eye(len(F))
    A, f = gamma * eye[t] - eye[s], F[s, t]
    phi = np.linalg.lstsq(A, f, rcond=None)[0]
    return bool(np.all(A @ phi == f))
""",
            ALL,
            "Rounding errors must be forgiven",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    s, t = np.where(~np.isnan(F))
    if len(s) == 0:
        return True
    eye = np.eye(len(F))
    A, f = gamma * eye[t] - eye[s], F[s, t]
    phi = np.linalg.lstsq(A, f, rcond=None)[0]
    return bool(np.abs(A @ phi - f).max() <= 1e-8)
""",
            ("tolerance",),
            "says where the border is",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    n = len(F)
    seen, todo = {0}, [0]
    while todo:
        u = todo.pop()
        for v in range(n):
            if v not in seen and not (np.isnan(F[u, v]) and np.isnan(F[v, u])):
                seen.add(v)
                todo.append(v)
    keep = sorted(seen)
    F = F[np.ix_(keep, keep)]
    s, t = np.where(~np.isnan(F))
    if len(s) == 0:
        return True
    eye = np.eye(len(F))
    A, f = gamma * eye[t] - eye[s], F[s, t]
    phi = np.linalg.lstsq(A, f, rcond=None)[0]
    return bool(np.abs(A @ phi - f).max() <= tol)
""",
            ("islands",),
            "Look at all of them",
        ),
        Wrong(
            """\
def is_potential_based(shaping, gamma, tol=1e-8):
    F = np.asarray(shaping, dtype=float)
    phi = (F[0] + F[0, 0] / (gamma - 1 + 1e-300)) / gamma
    misfit = gamma * phi[None, :] - phi[:, None] - F
    return bool(np.nanmax(np.abs(misfit)) <= tol)
""",
            ("missing transitions", "two ways to one place", "islands"),
            "Only those that exist make a demand",
        ),
    ],
    "7.8": [
        Right(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = gamma * potentials[1:] - potentials[:-1]
    return rewards + bonus


buggy_line_7_8 = 4
""",
            "smallest repair",
        ),
        Right(
            """\
def shaped_rewards(rewards, potentials, gamma):
    out = []
    for t, r in enumerate(rewards):
        out.append(r + gamma * potentials[t + 1] - potentials[t])
    return np.array(out, dtype=float)


buggy_line_7_8 = 4
""",
            "loop",
        ),
        Right(
            """\
import torch

def shaped_rewards(rewards, potentials, gamma):
    r = torch.as_tensor(np.array(rewards, dtype=float))
    phi = torch.as_tensor(np.array(potentials, dtype=float))
    before, after = phi[:-1], phi[1:]
    return r + gamma * after - before


buggy_line_7_8 = 4.0
""",
            "torch",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = potentials[1:] - gamma * potentials[:-1]
    return rewards + bonus


buggy_line_7_8 = 4
""",
            ("discount", "the sum telescopes", "lists and whole numbers"),
            "discount stands at the state before",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = potentials[1:] - potentials[:-1]
    return rewards + bonus


buggy_line_7_8 = 4
""",
            ("discount", "the sum telescopes", "lists and whole numbers"),
            "The discount got lost",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = gamma * np.diff(potentials)
    return rewards + bonus


buggy_line_7_8 = 4
""",
            ("discount", "the sum telescopes", "lists and whole numbers"),
            "discounted both potentials",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = gamma * potentials[:-1] - potentials[1:]
    return rewards - bonus


buggy_line_7_8 = 5
""",
            ("discount", "the sum telescopes", "lists and whole numbers", "`buggy_line_7_8`"),
            "Look at where the bonus comes from",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = gamma * potentials[1:] - potentials[:-1]
    return rewards - bonus


buggy_line_7_8 = 4
""",
            ("direction", "discount", "the sum telescopes", "lists and whole numbers"),
            "subtracted now",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    potentials = np.asarray(potentials, dtype=float)
    return gamma * potentials[1:] - potentials[:-1]


buggy_line_7_8 = 4
""",
            ("direction", "discount", "the sum telescopes", "lists and whole numbers"),
            "This is the bonus alone",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = gamma * potentials[1:] - potentials[:-1]
    rewards += bonus
    return rewards


buggy_line_7_8 = 4
""",
            ("the sum telescopes", "lists and whole numbers"),
            "changed the arrays",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = gamma * potentials[1:] - potentials[:-1]
    return rewards + bonus


buggy_line_7_8 = 3
""",
            ("`buggy_line_7_8`",),
            "Line 3 turns the potentials",
        ),
        Wrong(
            """\
def shaped_rewards(rewards, potentials, gamma):
    rewards = np.asarray(rewards, dtype=float)
    potentials = np.asarray(potentials, dtype=float)
    bonus = gamma * potentials[:-1] - potentials[1:]
    return rewards + bonus


buggy_line_7_8 = None
""",
            ALL,
            "still the old bonus",
        ),
    ],
}
