"""The report: a release, explained; reads public values only and cannot reach private rows."""
