"""Webhooks: a forge says that somebody pushed, and the course is pulled at once (E-12)."""
