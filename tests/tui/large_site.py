"""A crowd of 21: one more than are sent to without a question."""

CROWD = {f"Person {n:02}": f"+4477009001{n:02}" for n in range(21)}
