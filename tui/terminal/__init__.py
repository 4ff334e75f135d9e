"""What the console knows of the terminal: its size, colours, link, keys, and how it is left."""
