"""What an operator may do: check the role, check the input, write, review."""
