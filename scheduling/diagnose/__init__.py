"""Judging what is wrong with a site, from what was found of it. Pure: the looking is done elsewhere."""
