"""A progress bar that a notebook shows and that says nothing anywhere else."""


def steps(n, what):
    """Count from 0 to n - 1, with a bar where a notebook is listening.

    Parameters
    ----------
    n : int
    what : str
        What the steps do, in two or three words.

    Yields
    ------
    int
    """
    from IPython import get_ipython

    if get_ipython() is None:
        yield from range(n)
        return
    import ipywidgets as widgets
    from IPython.display import display

    bar = widgets.IntProgress(max=n, description=what, style={"description_width": "initial"})
    count = widgets.Label()
    display(widgets.HBox([bar, count]))
    for i in range(n):
        yield i
        bar.value = i + 1
        count.value = f"{i + 1} of {n}"
