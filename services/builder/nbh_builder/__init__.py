"""The builder: images and documentation of courses. One a node; podman's other user."""

import nbh_kit as nbh_kit  # before structlog, which would load rich: see there
