"""The contract between the services: events as msgspec structs, their ids and their documents."""
