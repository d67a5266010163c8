"""Tells people what is wrong, and when it is over. Nothing in the loop needs it."""
