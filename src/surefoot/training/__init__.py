"""Training: base, generator, ORM and PRM in one loop."""
