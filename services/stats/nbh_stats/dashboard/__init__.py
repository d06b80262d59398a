"""The pages that staff and teachers look at (E-8, E-9, E-10)."""
