"""What `up` and `demo` show while the loop runs."""
