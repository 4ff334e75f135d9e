"""An occurrence of an alert: how it is raised, shown and answered."""
