"""Measures each model, audits it, and checks after it whether to stop. Nothing in the loop needs it."""
