"""The loop as pure functions: state, fold, order of work and digest."""
