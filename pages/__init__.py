"""One step of the journey each."""
