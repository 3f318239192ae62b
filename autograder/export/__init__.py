"""Grades out of the gradebook and back: CSV, JSON, and the files of Canvas and Moodle.

- `table` writes and reads one row for each student and exercise, `groups` the JSON with the group results;
- `canvas` and `moodle` write what these systems import, with the help of `worksheet`;
- `restore` brings scores that a person changed in a CSV or JSON file back into the gradebook;
- `plugin` offers the table to ``nbgrader export``.

`commands` has the two commands, ``export`` and ``import``.
"""
