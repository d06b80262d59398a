"""`nbh doctor`: what is wrong with a machine, a configuration and a system, and what mends it."""
