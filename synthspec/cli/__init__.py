"""The command line: one file per verb; arguments to verb to exit code; the only room that prints."""
