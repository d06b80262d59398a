"""Reads what nbhosting 0.59 left on a disk (G1, G2, T1, C9); changes nothing there."""
