"""Values and rules without I/O: money, ids, time, timelines, errors."""
