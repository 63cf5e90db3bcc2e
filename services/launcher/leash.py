"""Becomes another program that the kernel kills when its parent dies: `python leash.py PARENT_PID PROGRAM [ARGUMENT…]`.

A program of its own, not a hook between fork and exec: those may hang in a parent with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
ORPHANED = 70


def main() -> None:
    """Take the leash, make sure there still is a parent, become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # The parent may have died before the leash was on; then nobody will pull it.
        if os.getppid() != parent:
            sys.exit(ORPHANED)
    # Python ignores these, and what is ignored stays so in the program.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
