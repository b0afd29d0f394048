"""From pixels to answers: everything that must be decided, as functions named in literal tables."""
