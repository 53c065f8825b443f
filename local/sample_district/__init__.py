"""A sample school district: a roster made from a seed, and a OneRoster server that speaks it."""
