"""Backups of the whole system: made while it runs, restored where there is none."""
