"""Tasks: their history and what they will do."""
