"""`make deploy-check`: the ways to an installation, played on this machine."""

import sys

from tests.deploy import containers, small_pc

WAYS = {"pc": small_pc.check, "containers": containers.check}

if __name__ == "__main__":
    for way in sys.argv[1:] or WAYS:
        WAYS[way]()
