"""A clock that jumps, for processes that a test starts: what they read of it, and nobody else.

Between a program and its libc stands a small library that adds what a file says to the time that
people read. Programs without a libc of their own, as Go's, read the true time.
"""

import struct
import subprocess
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const long nothing;
static volatile const long *shift = &nothing;

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("SHIFTED_CLOCK"), O_RDONLY | O_CLOEXEC);
    void *seen = file < 0 ? MAP_FAILED : mmap(0, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    if (seen == MAP_FAILED) abort();
    shift = seen;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, at);
    if (!failed && clock == CLOCK_REALTIME) at->tv_sec += *shift;
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    static int (*real)(struct timeval *restrict, void *restrict);
    if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
    int failed = real(at, zone);
    if (!failed) at->tv_sec += *shift;
    return failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


class ShiftedClock:
    """Right until it is told to jump."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is one that all who shall read it may enter."""
        self._file, library = folder / "shift", folder / "shifted.so"
        self._file.write_bytes(struct.pack("l", 0))
        made = ("cc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(library), "-ldl")
        subprocess.run(made, input=_SOURCE.encode(), check=True)
        self.environment = {"LD_PRELOAD": str(library), "SHIFTED_CLOCK": str(self._file)}
        """What a process stands in that reads this clock."""

        self.ahead = 0
        """Seconds by which it is wrong."""

    def jump(self, seconds: int) -> None:
        """By so much, from one reading to the next."""
        self.ahead += seconds
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("l", self.ahead))
