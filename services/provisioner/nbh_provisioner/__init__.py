"""The provisioner: labs and students' files."""
