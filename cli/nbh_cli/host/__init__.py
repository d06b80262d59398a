"""This machine: which packages are missing, how podman runs here, what images are made from."""
