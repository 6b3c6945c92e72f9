"""The generator: model folders and the sampling engine."""
