"""The server's clock from the command line: whoever looks at it says that it is right."""

from datetime import UTC, datetime

from server.commands.desk import opened
from server.commands.said import Said
from server.installation import now_ms
from server.settings import Settings


async def accept(settings: Settings) -> Said:
    """Believe the clock, and let nothing wait for a time that was written while it stood wrong."""
    async with opened(settings) as book:
        before, now = await book.accept_clock(), now_ms()
    said = [f"It is {_shown(now)} UTC, and that is right from now on."]
    if before.latest > now:
        said.append(
            f"The log goes up to {_shown(before.latest)}. What was received by that clock keeps "
            "its time: reverse at the desk what is dated later than today, and have it scanned "
            "again."
        )
    return Said("\n".join(said))


def _shown(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
