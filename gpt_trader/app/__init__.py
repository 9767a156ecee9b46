"""What a user can do: inputs in, values and progress out; no typer, no printing."""
