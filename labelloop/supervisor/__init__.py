"""Run the services of one machine: start, restart and stop them, and report their state."""
