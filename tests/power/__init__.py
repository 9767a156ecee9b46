"""How often the verdict is wrong: PASS on noise, and no PASS on an edge that is there."""
