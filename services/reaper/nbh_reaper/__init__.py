"""The reaper: what is idle, and what to do about it. It stops nothing itself."""
