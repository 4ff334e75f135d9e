"""Actions of the console, the keys that they are on, and the scheme that the keys keep to."""
