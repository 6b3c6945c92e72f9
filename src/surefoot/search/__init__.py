"""Selection among solutions by score and by vote."""
