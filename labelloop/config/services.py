"""The names of the services, as used by supervisor, status files, consumer groups and alerts."""

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
ALERTING = "alerting"
LEARNER = "learner"
"""The process that runs the tasks of all services of one machine."""
