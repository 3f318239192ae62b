"""The table of exercises for nbgrader's own command: ``nbgrader export --exporter=autograder.export.plugin.Exercises``."""

from nbgrader.plugins import ExportPlugin

from autograder import class_data
from autograder.export import table


class Exercises(ExportPlugin):
    """CSV with one row for each student and exercise; ``--to``, ``--student`` and ``--assignment`` as in nbgrader."""

    def export(self, gradebook):
        destination = self.to or "exercises.csv"
        chapters = [str(name) for name in self.assignment] or None
        data = class_data.read_from(gradebook.db.connection(), ".", chapters)
        students = {str(name) for name in self.student} or None
        self.log.info("Exporting exercises to %s", destination)
        with open(destination, "w", encoding="utf-8-sig", newline="") as file:
            file.write(table.dumps(data, students))
