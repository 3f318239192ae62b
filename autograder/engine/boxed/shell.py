"""An IPython shell that keeps what a cell shows as a list of notebook outputs, without kernel and without ZMQ."""

import base64
import sys

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type

MAX_STREAM = 200_000  # characters of printed text per cell and stream
MAX_BUNDLE = 3_000_000  # characters of one picture or table
MAX_OUTPUTS = 200
MAX_TOTAL = 6_000_000  # characters of one cell's outputs together; a frame holds 8 MB


class Outputs:
    """What one cell shows, within limits. What is beyond them is dropped as it comes, so it needs no memory."""

    def __init__(self):
        self.items = []
        self.printed = {"stdout": 0, "stderr": 0}
        self.total = 0

    def write(self, name, text):
        room = MAX_STREAM - self.printed[name]
        self.printed[name] += len(text)
        if room <= 0:
            return
        if len(text) > room:
            text = text[:room] + f"\n... more than {MAX_STREAM:,} characters: the rest is left out\n"
        last = self.items[-1] if self.items else {}
        if last.get("name") == name:
            last["parts"].append(text)
        else:
            self._add({"output_type": "stream", "name": name, "parts": [text]}, 0)

    def bundle(self, kind, data, metadata):
        data = {
            mime: _as_text(value) for mime, value in data.items() if mime != "application/vnd.jupyter.widget-view+json"
        }
        size = sum(len(value) for value in data.values() if isinstance(value, str))
        if size > MAX_BUNDLE or self.total + size > MAX_TOTAL:
            self.write("stderr", f"... an output of {size:,} characters is left out\n")
            return
        node = {"output_type": kind, "data": data, "metadata": {}}
        self._add(node | ({"execution_count": None} if kind == "execute_result" else {}), size)

    def error(self, name, message, lines):
        lines = [str(line)[:10_000] for line in lines][:100]
        self._add({"output_type": "error", "ename": name, "evalue": message[:2000], "traceback": lines}, 0)

    def _add(self, node, size):
        if len(self.items) < MAX_OUTPUTS:
            self.items.append(node)
            self.total += size

    def finished(self):
        """The outputs as nbformat has them."""
        for node in self.items:
            if "parts" in node:
                node["text"] = "".join(node.pop("parts"))
        return self.items


def _as_text(value):
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


class _Stream:
    """Stands in for sys.stdout or sys.stderr."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self, shell, name):
        self.shell = shell
        self.name = name

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.shell.outputs.write(self.name, text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def isatty(self):
        return False

    def writable(self):
        return True

    def readable(self):
        return False


class _Hook(DisplayHook):
    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.outputs.bundle("execute_result", format_dict, md_dict)

    def finish_displayhook(self):
        pass


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, *, transient=None, update=False, **kwargs):
        self.shell.outputs.bundle("display_data", data, metadata)

    def clear_output(self, wait=False):
        self.shell.outputs.items.clear()


class Shell(InteractiveShell):
    """IPython without terminal, history file and kernel."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def __init__(self, **kwargs):
        self.outputs = Outputs()
        super().__init__(**kwargs)

    def enable_gui(self, gui=None):
        pass

    def _showtraceback(self, etype, evalue, stb):
        self.outputs.error(etype.__name__, str(evalue), stb)

    def run(self, source):
        """Run a cell.

        Returns
        -------
        list of dict
            Its outputs.
        """
        self.outputs = Outputs()
        self.run_cell(source, store_history=True)
        return self.outputs.finished()


def prepare():
    """Make the shell; called once, before any submission."""
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Context"
    shell = Shell.instance(config=config)
    sys.stdout, sys.stderr = _Stream(shell, "stdout"), _Stream(shell, "stderr")
    _prepare_figures(shell)
    for rehearsal in ("None", "1 / 0", "def ("):  # the first cell and the first traceback pay for lazy imports
        shell.run(rehearsal)
    for name in ("last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    shell.reset(new_session=True)
    return shell


def _prepare_figures(shell):
    """Figures appear as pictures, as they do in JupyterLab."""
    try:
        import matplotlib.pyplot as plt
        from matplotlib.figure import Figure
        from matplotlib_inline.backend_inline import configure_inline_support
    except ImportError:
        return
    from . import figures

    backend = "module://matplotlib_inline.backend_inline"
    plt.switch_backend(backend)
    configure_inline_support(shell, backend)
    shell.display_formatter.formatters["image/png"].for_type(Figure, figures.png)
    shell.run("import matplotlib.pyplot as plt\nplt.plot([0, 1]); plt.title('$x^2$'); plt.show()")  # fonts, caches
