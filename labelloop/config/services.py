"""The names of the services, by which supervisor, status files, consumer groups and alerts know them."""

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
ALERTING = "alerting"
