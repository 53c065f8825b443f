"""A sample school district: a roster made from a seed, and a real OneRoster server that speaks it."""
