"""Standards decided by the public side: time limits, and the working days they are counted in."""
