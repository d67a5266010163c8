"""The names of the services, as used by supervisor, status files, consumer groups and alerts."""

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
ALERTING = "alerting"
