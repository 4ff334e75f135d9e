"""What a person sees: the console, the command line and the notebook view."""
