"""Projects: create one, find one, record what operators ask for, export labels."""
