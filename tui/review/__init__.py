"""The review: its lines, the live panel, one entry, the export."""
