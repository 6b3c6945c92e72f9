"""Final answers: out of a solution, and compared."""
