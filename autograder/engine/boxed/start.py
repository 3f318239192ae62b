"""Start the fork server: the one script of this package.

The import path is exactly what the grader lists: the student side and the installed libraries. An editable install of
the course, which would bring the staff side with it, is left out.
"""

import json
import sys

settings = json.loads(sys.argv[1])
sys.path[:] = settings["path"]
sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")]

from boxed import zygote  # noqa: E402

zygote.main(settings)
