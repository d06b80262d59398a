"""Who keeps students within their share of the disk: the file system itself, where it can (S-35).

`quota` says what is asked of one; `finding` chooses, once, at the start.
"""
