"""What is remembered: tables, queries, secrets and schema upgrades."""
