"""Knowledge that travels with the program, reviewed in git."""
