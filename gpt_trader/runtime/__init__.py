"""The imperative shell: loop, wiring, clock, lock."""
