"""The app: its screen, the site that it has open, and what it watches."""
