"""The router: who may enter, and which lab answers which path."""
