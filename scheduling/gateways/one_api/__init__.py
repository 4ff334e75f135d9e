"""Clickatell's One API."""
