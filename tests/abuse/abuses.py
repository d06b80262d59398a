"""What somebody does to a lab from a notebook, by accident or not (S-38): code for a kernel.

Each goes on for some seconds, or until it is stopped, and never takes more than the lab's limits
and some hundred MiB of the disk.
"""

SECONDS = 4

_UNTIL = f"import os, subprocess, sys, time\nend = time.time() + {SECONDS}\n"

_APART = """
def apart(program, number=1):
    '''Run a program, so many times at once, until all have ended.'''
    argv = [sys.executable, "-c", "import os, sys, time\\nend = " + repr(end) + "\\n" + program]
    started = []
    for _ in range(number):
        try:
            started.append(subprocess.Popen(argv, stderr=subprocess.DEVNULL))
        except OSError:
            break
    for process in started:
        process.wait()
"""

ABUSES = {
    "a fork bomb": """
apart('''
while time.time() < end:
    try:
        os.fork()
    except OSError:
        pass
''')
""",
    "all memory": """
taken = []
while True:
    taken.append(os.urandom(2**20) * 8)
""",
    "every CPU": """
apart('''
while time.time() < end:
    pass
''', 16)
""",
    "a file without end": """
with open("without-end", "wb", buffering=0) as file:
    while time.time() < end:
        file.write(b"y\\n" * 2**22)
        os.fsync(file.fileno())
        if file.tell() >= 2**28:
            file.seek(0)
os.unlink("without-end")
""",
    "a full /tmp": """
for folder in ("/tmp", "/var/tmp"):
    try:
        with open(folder + "/full", "wb", buffering=0) as file:
            while file.write(bytes(2**20)):
                pass
    except OSError as e:
        print(e.strerror)
time.sleep(1)
os.unlink("/tmp/full")
os.unlink("/var/tmp/full")
""",
    "files without number": """
import shutil
number = 0
while time.time() < end and number < 50_000:
    if number % 1000 == 0:
        os.makedirs(f"without-number/{number}")
    os.close(os.open(f"without-number/{number // 1000 * 1000}/{number}", os.O_CREAT | os.O_WRONLY))
    number += 1
shutil.rmtree("without-number")
""",
    "sockets without number": """
apart('''
import socket
taken = []
while time.time() < end:
    try:
        taken.append(socket.socketpair())
        taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        taken[-1].bind(("127.0.0.1", 0))
    except OSError:
        time.sleep(0.1)
''', 8)
""",
    "connections without number": """
apart('''
import socket
gateway = ".".join([*socket.gethostbyname(socket.gethostname()).split(".")[:3], "1"])
while time.time() < end:
    with socket.socket() as tried:
        tried.setblocking(False)
        try:
            tried.connect((gateway, 22))
        except OSError:
            pass
''', 4)
""",
    "output without end": """
while time.time() < end:
    print("y" * 1000)
""",
    "a log without end": """
log = os.open(f"/proc/{os.environ['JPY_PARENT_PID']}/fd/1", os.O_WRONLY)
while time.time() < end:
    os.write(log, b"y" * 79 + b"\\n")
""",
}
"""By name; each is said to a kernel after `PREPARATION`."""

OF_JUPYTER_ITSELF = """
with open(f"/proc/{os.environ['JPY_PARENT_PID']}/oom_score_adj", "w") as file:
    file.write("1000")
taken = []
while True:
    taken.append(os.urandom(2**20) * 8)
"""
"""All memory, in such a way that Jupyter ends for want of it, and the lab with it."""

PREPARATION = _UNTIL + _APART
