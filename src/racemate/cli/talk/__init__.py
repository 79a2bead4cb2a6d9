"""Talk: how the command line speaks: progress, tables and refusals."""
