"""Run a service of the loop: projects, partitions, retries, caches, the process."""
