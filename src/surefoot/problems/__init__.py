"""Where problems come from: public files, and procedural problems with an exact step checker."""
