"""Where things are inside a lab. The images' documentation says the same to their authors."""

HOME = "/home/jovyan"
WORK = f"{HOME}/work"
MODULES = f"{HOME}/modules"
STATIC = f"{HOME}/static"
MIRROR = "/srv/course.git"
JUPYTER = "/srv/jupyter"
CONFIG = "/run/nbh"
RUNTIME = "/run/nbh-runtime"

UID = 1000
GID = 100
"""The user ``jovyan`` and the group ``users``, as in all images derived from Jupyter's."""

PORT = 8888
