"""Faults against real processes, and the arithmetic of what they may cost: nothing.

`python -m tests.faults.harness --rounds 300 --seed 1` makes rounds; `make faults` does that. Each round
has a site of its own, a local Clickatell, engines (`commsdesk run`, and one of a console's kind),
and clients that send and raise alerts, and throws a seeded choice of faults at them. Then three records
are compared: the clients' journal, the site's database, and the virtual phones (`verdict.py`).

The processes are forked from one that has everything loaded (`nursery.py`), which sets what a
round needs to last seconds: `TIMING` in `roles.py` takes the place of the engine's presets. Nothing in the
product reads these; the one hook in it is `scheduling/fault_points.py`.
"""
