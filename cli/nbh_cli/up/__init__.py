"""The whole system on one machine, in the foreground: `nbh up`."""
