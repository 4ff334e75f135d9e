"""Questions and small tasks over the main screen."""
