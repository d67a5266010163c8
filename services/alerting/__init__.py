"""Alert people to problems, and tell them when a problem is over. Nothing in the loop needs it."""
