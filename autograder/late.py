"""What late work costs: the rule that an instructor writes in one line, and the penalties that follow from it.

A submission's lateness is counted from its own timestamp (``timestamp.txt``, which `nbgrader collect` brings along), never
from the time at which it is graded. A submission without one is never late.
"""

import math
import re
from dataclasses import dataclass

from nbgrader.api import SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import or_
from traitlets import TraitError, Unicode, validate

UNITS = {"minute": 60, "min": 60, "hour": 3600, "h": 3600, "day": 86400, "d": 86400, "week": 604800, "w": 604800}
_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = rf"({'|'.join(sorted(UNITS, key=len, reverse=True))})s?"
_WORTH = rf"{_NUMBER} ?(%|points?)"
_PER = re.compile(rf"{_WORTH} (?:per|for each|each|a) (?:started )?{_UNIT}")
_GRACE = re.compile(rf"grace (?:of )?{_NUMBER} ?{_UNIT}|{_NUMBER} ?{_UNIT}(?:' ?| of )grace")
_MOST = re.compile(rf"at most (?:{_WORTH}|{_NUMBER} ?{_UNIT})")
_AFTER = re.compile(rf"nothing after {_NUMBER} ?{_UNIT}")
EXAMPLE = "10% per day, at most 50%, grace 15 min"


# --- the rule ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What late work costs.

    Parameters
    ----------
    percent, points : float
        Taken off for each started period: a share of the points earned, or points.
    period : float
        Seconds.
    grace : float
        Seconds that cost nothing; a period starts when it has been late for this long.
    most_percent, most_points, most_seconds : float
        No more is taken off than this share, these points, or what this much lateness costs.
    nothing_after : float
        Seconds after which nothing is left.
    """

    percent: float = 0.0
    points: float = 0.0
    period: float = 86400.0
    grace: float = 0.0
    most_percent: float = 100.0
    most_points: float = math.inf
    most_seconds: float = math.inf
    nothing_after: float = math.inf

    @classmethod
    def parse(cls, text):
        """Read a rule such as ``"10% per day, at most 50%, grace 15 min"``.

        Raises
        ------
        ValueError
            That names the clause which is not understood.
        """
        found = {}

        def put(clause, **values):
            for name, value in values.items():
                if name in found:
                    raise ValueError(f"{clause!r} says again what another clause said before")
                found[name] = value

        for clause in (part.strip().lower() for part in text.split(",")):
            if clause in ("", "none") and not text.replace("none", "").strip():
                continue
            if match := _PER.fullmatch(clause):
                kind = "percent" if match[2] == "%" else "points"
                put(clause, **{kind: float(match[1])}, period=UNITS[match[3]])
            elif match := _GRACE.fullmatch(clause):
                number, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
                put(clause, grace=float(number) * UNITS[unit])
            elif match := _MOST.fullmatch(clause):
                if match[2]:
                    put(clause, **{"most_percent" if match[2] == "%" else "most_points": float(match[1])})
                else:
                    put(clause, most_seconds=float(match[3]) * UNITS[match[4]])
            elif match := _AFTER.fullmatch(clause):
                put(clause, nothing_after=float(match[1]) * UNITS[match[2]])
            else:
                raise ValueError(f"{clause!r} is not understood; write it like {EXAMPLE!r}")
        if found.keys() & {"grace", "most_percent", "most_points", "most_seconds"} and not (
            found.keys() & {"percent", "points", "nothing_after"}
        ):
            raise ValueError(f"{text!r} does not say what lateness costs; write it like {EXAMPLE!r}")
        for name in ("percent", "most_percent"):
            if found.get(name, 0) > 100:
                raise ValueError(f"{found[name]:g}% is more than everything")
        return cls(**found)

    def penalty(self, score, seconds):
        """Points to take off.

        Parameters
        ----------
        score : float
            Points earned.
        seconds : float
            How late, after any extension.

        Returns
        -------
        float
            To two decimals, between 0 and `score`.
        """
        seconds -= self.grace
        if seconds <= 0 or score <= 0:
            return 0.0
        if seconds > self.nothing_after:
            return score
        periods = math.ceil(min(seconds, self.most_seconds) / self.period)
        taken = periods * (self.percent / 100 * score + self.points)
        return round(min(taken, self.most_percent / 100 * score, self.most_points, score), 2)


class LatePolicy(BasePlugin):
    """nbgrader's plugin for late submissions, set by one line: ``c.LatePolicy.rule = "10% per day, at most 50%"``."""

    rule = Unicode(
        "",
        help=f"""
        What late work costs, in clauses between commas; empty for nothing. For example: {EXAMPLE}.
        'N% per day' (hour, week): a share of the points earned for each started day; 'N points per day'.
        'at most N%', 'at most N points', 'at most N days': where it stops.
        'grace N min': lateness that costs nothing, and by which each day starts later.
        'nothing after N days': no points are left then.
        """,
    ).tag(config=True)

    @validate("rule")
    def _check_rule(self, proposal):
        try:
            Rule.parse(proposal["value"])
        except ValueError as problem:
            raise TraitError(f"c.LatePolicy.rule: {problem}") from None
        return proposal["value"]

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Points to take off a notebook, as nbgrader asks for them; None when it is nothing."""
        return Rule.parse(self.rule).penalty(score, total_seconds_late) or None


def plugin(config):
    """The late policy that a class has configured.

    Raises
    ------
    ValueError
        If what is configured is not understood.
    """
    try:
        step = AssignLatePenalties(config=config)
        step.init_plugin()
    except TraitError as problem:
        raise ValueError(str(problem)) from None
    return step.plugin_inst


# --- penalties --------------------------------------------------------------------------------------------------------


def seconds_late(submission):
    """How late a submission is, after any extension; 0 without a due date, where nbgrader would trip over an extension."""
    return 0 if submission.assignment.duedate is None else submission.total_seconds_late


def penalty(policy, submission, score):
    """What `nbgrader.preprocessors.AssignLatePenalties` sets.

    Parameters
    ----------
    policy : nbgrader.plugins.BasePlugin
    submission : nbgrader.api.SubmittedAssignment
    score : float
        Of one of its notebooks.

    Returns
    -------
    float or None
    """
    late = seconds_late(submission)
    points = policy.late_submission_penalty(submission.student_id, score, late) if late > 0 else None
    return None if points is None else min(max(points, 0), score)


def refresh(session, assignment, policy, students=None):
    """Bring penalties up to date with due date, extensions, rule and points given by hand; no code is run.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        The caller commits.
    assignment : nbgrader.api.Assignment
    policy : nbgrader.plugins.BasePlugin
    students : collection of str, optional
        Only these.

    Returns
    -------
    dict of str to (float, float)
        Students whose penalty changed: what it was and is.
    """
    concerned = SubmittedNotebook.late_submission_penalty.is_not(None)
    if assignment.duedate is not None:
        concerned = or_(concerned, SubmittedAssignment.timestamp > assignment.duedate)
    ids = session.query(SubmittedAssignment.id).outerjoin(SubmittedNotebook)
    ids = ids.filter(SubmittedAssignment.assignment_id == assignment.id, concerned)
    query = session.query(SubmittedAssignment).filter(SubmittedAssignment.id.in_(ids))
    changed = {}
    for submission in query.order_by(SubmittedAssignment.student_id).with_for_update().populate_existing():
        if students is not None and submission.student_id not in students:
            continue
        for row in submission.notebooks:
            before = row.late_submission_penalty
            after = penalty(policy, submission, row.score)
            if (before or 0) != (after or 0):
                row.late_submission_penalty = after
                old, new = changed.get(submission.student_id, (0.0, 0.0))
                changed[submission.student_id] = (old + (before or 0), new + (after or 0))
    return changed
