"""Random mistakes of sources, and ordinary nights, in random districts."""
