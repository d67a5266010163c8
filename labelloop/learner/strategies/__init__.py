"""Query strategies: which there are, small-text's as they work here, and ours."""
