"""One module for each command of `nbh`; each is imported when it is called."""
