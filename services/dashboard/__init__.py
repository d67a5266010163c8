"""The dashboard: what happens in all projects, in a browser. It reads the log, and changes nothing."""
