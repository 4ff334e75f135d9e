"""Runs a program with standard input as its controlling terminal: `on_terminal.py PROGRAM ARGUMENT…`."""

import fcntl
import os
import sys
import termios

if __name__ == "__main__":
    os.setsid()
    fcntl.ioctl(sys.stdin, termios.TIOCSCTTY, 0)
    os.execv(sys.argv[1], sys.argv[1:])
