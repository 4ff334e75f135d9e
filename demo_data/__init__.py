"""A sample site, and a local Clickatell that answers as the real one does."""
