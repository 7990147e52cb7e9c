"""Performance: what the insurer and its staff are appraised by, measured from events and never asked for twice."""
