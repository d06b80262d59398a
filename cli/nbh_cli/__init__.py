"""nbh, the command of the people who operate nbhosting."""
