"""What plugs in: classes of anybody's that are given events, each with the state of its project."""
