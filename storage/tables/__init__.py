"""SQLModel tables, one file per aggregate."""
