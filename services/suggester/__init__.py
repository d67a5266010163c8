"""Ask machines for labels of the texts that people are asked for. Nothing in the loop needs it."""
