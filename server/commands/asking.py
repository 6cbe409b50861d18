"""Asks the server of this installation how it is: for containers, timers, and people."""

import http.client
import json
from typing import Final

from server.commands.said import Said
from server.refusals import NotReady
from server.settings import Settings, here

WAIT_S: Final = 5.0


def ready(settings: Settings) -> Said:
    """Say whether it can do its work. Raises `NotReady`."""
    asked = http.client.HTTPConnection(here(settings.host), settings.port, timeout=WAIT_S)
    try:
        asked.request("GET", "/ready")
        answer = asked.getresponse()
        found = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotReady(f"Nobody answers on port {settings.port}: {error}") from error
    finally:
        asked.close()
    if answer.status != http.client.OK:
        raise NotReady(found["detail"])
    return Said(f"ready. {found['detail']}" if "detail" in found else "ready")
