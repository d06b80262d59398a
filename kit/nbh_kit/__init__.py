"""The plumbing that nbhosting's services share."""
