"""Progress survives restarts, damage and two notebooks at once, and counts what it says it counts."""

import datetime as dt
import multiprocessing

import pytest

from utils import progress
from utils.catalogue import read_course

DAY = dt.date(2026, 11, 20)


def day(offset):
    return DAY + dt.timedelta(days=offset)


@pytest.mark.parametrize(
    ("offsets", "current", "best"),
    [
        ([], 0, 0),
        ([0], 1, 1),
        ([-1], 1, 1),
        ([-2], 0, 1),
        ([0, 0, -1, -2], 3, 3),
        ([-9, -8, -7, -6, -1, 0], 2, 4),
    ],
)
def test_streaks(offsets, current, best):
    assert progress.streaks([day(offset) for offset in offsets], today=DAY) == (current, best)


def test_attempts_are_kept_in_order():
    progress.record("0.1", right=False, day=day(-1))
    progress.record("0.1", right=True, day=DAY)
    assert progress.attempts() == [("0.1", day(-1), False), ("0.1", DAY, True)]


def test_a_damaged_file_is_kept_aside_and_a_new_one_started():
    progress.record("0.1", right=True)
    path = progress.progress_file()
    path.write_bytes(b"this is no database" * 100)
    with pytest.warns(UserWarning, match="damaged: it is kept as"):
        progress.record("0.2", right=True)
    assert [exercise for exercise, _, _ in progress.attempts()] == ["0.2"]
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes().startswith(b"this is no database")


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path, monkeypatch):
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(blocked / "progress.sqlite"))
    with pytest.warns(UserWarning, match="not saved"):
        progress.record("0.1", right=True)


def _record_many(name):
    for i in range(25):
        progress.record(f"{name}.{i}", right=True)


def test_two_notebooks_may_write_at_once():
    workers = [multiprocessing.get_context("spawn").Process(target=_record_many, args=(name,)) for name in "12"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(progress.attempts()) == 50


def test_the_panel_counts_points_and_names_what_is_left(capsys, tmp_path):
    exercises = read_course(progress._find_course())
    progress.record("0.5", right=True)
    progress.record("0.7", right=False)
    progress.progress("ch00_reward_modeling")
    shown = capsys.readouterr().out
    points = sum(e.points for e in exercises if e.chapter == "ch00_reward_modeling")
    assert f"6 / {points}" in shown
    assert "0.7 Fit Bradley-Terry rewards (tried)" in shown
    assert "0.5 Mean negative" not in shown
    assert "Streak: 1 day, best 1 day." in shown
