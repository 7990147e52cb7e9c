"""Tests of Heyi, in three rings: what CI runs, soak, bench."""
