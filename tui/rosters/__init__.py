"""Rosters as people see them: the month shift by shift, and the dialogs of covers."""
