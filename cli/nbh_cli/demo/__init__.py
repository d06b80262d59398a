"""The whole system with a course and a learning platform to try it on: `make demo`."""
