"""The paper's experiments, one file each: recipes over the other packages."""
