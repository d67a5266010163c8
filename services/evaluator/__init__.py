"""Evaluate and audit each model, check whether to stop, record predictions. Nothing in the loop needs it."""
