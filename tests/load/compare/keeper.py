"""Ends what another process has started, when that process ends without doing so itself: killed, or broken down.

Reads from its standard input, whose other end only that process holds: `+<group>` when a process group has begun, `-<group>`
when it is over. When the input ends, whatever is still there is killed, with all that it has started in turn.
"""

import contextlib
import os
import signal
import sys


def main():
    groups = set()
    for line in sys.stdin:
        change, group = line[0], int(line[1:])
        (groups.add if change == "+" else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
