"""One file a verb: the only place where files meet functions."""
