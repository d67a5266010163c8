"""The contract between the services: events as pydantic models, their ids and their documents."""
