"""Clickatell's XML API."""
