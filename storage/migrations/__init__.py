"""Schema upgrades, one numbered step each, written out in SQL.

Rules: ADD, RENAME and DROP COLUMN or a table rebuilt by hand; never a reflected batch, never
ON DELETE CASCADE. The number of a step is the schema version (`PRAGMA user_version`).
"""
