"""Public benchmarks of step judgement: how each one writes a row."""
