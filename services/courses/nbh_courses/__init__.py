"""Courses: from a git repository to the revision that students see."""

import nbh_kit as nbh_kit  # before structlog, which would load rich: see there
