"""How fast the engine is, beside stock nbgrader, on the same classes in the same run.

`classes` makes the classes, `stock_run` and `engine_run` each grade one in a process of their own and note when which
submission was done, `measure` starts them and takes costs per notebook from their notes, `__main__` prints the tables.
"""
