"""Notebooks of students as pages for others: made, kept, withdrawn (S13)."""
