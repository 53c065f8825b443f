"""A sample school district: a roster generated from a seed, and a OneRoster server for it."""
