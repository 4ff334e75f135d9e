"""The forms that change one record."""
