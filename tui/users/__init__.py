"""Users: their rows, their groups, import and export."""
