"""Nights of real districts, lived through the real use cases, and whether one would regret them."""
