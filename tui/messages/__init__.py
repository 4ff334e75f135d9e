"""A message: how it is written, shown and looked after."""
