"""Projects of a home: make one, find one, tell the operator's wishes, take the labels out."""
