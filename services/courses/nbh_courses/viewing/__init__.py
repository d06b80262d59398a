"""Staff and teachers look at a student's notebook, as the page that is made of it."""
