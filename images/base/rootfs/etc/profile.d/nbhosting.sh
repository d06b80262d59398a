# Terminals are login shells, and Debian's /etc/profile begins with a PATH of its own.
PATH=/opt/nbh/bin:/opt/venv/bin:$PATH
