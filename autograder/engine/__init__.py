"""The grading engine: how a submission flows from file to grade.

1. `plan` reads from the gradebook what the assignment consists of.
2. `sanitise` makes a clean notebook of whatever was handed in.
3. `stage` and `warm` start the fork server on the student side of the course (`boxed.zygote`).
4. `session` holds one submission's confined process (`boxed.child`): deadlines, restarts, the channel.
5. `notebook` walks through the cells: ordinary ones run in that process (`outputs` checks what comes back), test cells
   run here, in the grader (`trial`), where the student's names are proxies (`remote`).
6. `preprocessors` and `converter` put this behind plain ``nbgrader autograde``; `run` does a whole class in parallel,
   with `workers` or `cluster` to do the work and `ledger` as the only writer of the gradebook.

Nothing in `boxed` is secret, everything outside of it is. docs/maintainers/grading-engine.md tells the reasons.
"""
