"""Runs a program of the virtual environment: `run_in_venv.py PROGRAM ARGS…`. For the Makefile."""

from __future__ import annotations

import os
import sys

from steps import VENV, clean_environment

if __name__ == "__main__":
    program = VENV / "bin" / sys.argv[1]
    os.execve(program, [str(program), *sys.argv[2:]], clean_environment())
