"""On what it was measured."""

import os
import platform
import sqlite3
import sys


def described():
    """Say on what it was measured, and what else was going on there."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL"
    )
