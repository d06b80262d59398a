"""The builder: images and documentation of courses. One a node; podman's other user."""
