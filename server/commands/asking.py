"""Asks the server of this installation how it is: for containers, timers, and people."""

import http.client
import json
import ssl
from typing import Final

from server.commands.said import Said
from server.refusals import NotReady
from server.settings import Settings, here
from server.tls.store import TlsStore

WAIT_S: Final = 5.0


def ready(settings: Settings) -> Said:
    """Say whether it can do its work. Raises `NotReady`."""
    asked = _connection(settings)
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


def _connection(settings: Settings) -> http.client.HTTPConnection:
    host = here(settings.host)
    if not settings.tls:
        return http.client.HTTPConnection(host, settings.port, timeout=WAIT_S)
    authority = TlsStore(settings.data).authority().certificate.decode()
    trusting = ssl.create_default_context(cadata=authority)
    return http.client.HTTPSConnection(host, settings.port, timeout=WAIT_S, context=trusting)
