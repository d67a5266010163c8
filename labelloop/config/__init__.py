"""Where things are, and how a deployment is set: homes, logs, stores, the environment."""
