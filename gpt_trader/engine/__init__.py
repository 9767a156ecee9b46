"""The functional core: events in, records and commands out, no I/O."""
