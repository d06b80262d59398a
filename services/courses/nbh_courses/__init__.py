"""Courses: from a git repository to the revision that students see."""
