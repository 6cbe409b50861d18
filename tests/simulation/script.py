"""A world in words: what people did and what broke, one line each, and the odds of the weather.

    seed 7
    weather lose=0.05 delay=0.01
    clock A offset=3600000 drift=120
    06:00:05 A receive 10 BE/L1 to DOCK
    06:04:10 A kill

A script is all that a world depends on. Lines can be left out, so it can be made shorter.
"""

import re
from typing import NamedTuple

from tests.simulation.network import Weather
from tests.simulation.site import HOSTILE, START


class Act(NamedTuple):
    """Something that happens at a true time: `who` is a device, or `server`, `desk`."""

    at: int
    who: str
    words: str

    def __str__(self):
        ms = self.at - START + 6 * 3_600_000
        days, ms = divmod(ms, 86_400_000)
        hours, rest = divmod(ms, 3_600_000)
        minutes, rest = divmod(rest, 60_000)
        day = f"{days}d " if days else ""
        return f"{day}{hours:02}:{minutes:02}:{rest / 1000:06.3f} {self.who} {self.words}"


class ClockOf(NamedTuple):
    """How wrong a device's clock is when the world begins."""

    offset: int = 0
    drift: int = 0


class Script(NamedTuple):
    """Everything that a world depends on."""

    seed: int
    weather: Weather
    clocks: dict
    acts: tuple

    @property
    def has_hostile(self):
        return any(act.who == HOSTILE for act in self.acts)

    def __str__(self):
        weather = " ".join(f"{k}={v}" for k, v in self.weather._asdict().items() if v)
        lines = [f"seed {self.seed}", *([f"weather {weather}"] if weather else [])]
        for name, clock in self.clocks.items():
            if clock != ClockOf():
                lines.append(f"clock {name} offset={clock.offset} drift={clock.drift}")
        return "\n".join([*lines, *map(str, self.acts)])


ACT = re.compile(r"(?:(\d+)d )?(\d\d):(\d\d):(\d\d(?:\.\d+)?) (\S+) (.*)")


def parse(text):
    """Return the script behind its words."""
    seed, weather, clocks, acts = 0, Weather(), {}, []
    for raw in text.strip().splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        first, _, rest = line.partition(" ")
        if first == "seed":
            seed = int(rest)
        elif first == "weather":
            weather = Weather(**{k: float(v) for k, v in _pairs(rest)})
        elif first == "clock":
            name, _, values = rest.partition(" ")
            clocks[name] = ClockOf(**{k: int(v) for k, v in _pairs(values)})
        else:
            acts.append(_act(line))
    return Script(seed, weather, clocks, tuple(acts))


def _pairs(text):
    return (part.split("=") for part in text.split())


def _act(line):
    match = ACT.fullmatch(line)
    assert match, f"not a line of a script: {line}"
    days, hours, minutes, seconds, who, words = match.groups()
    ms = int(days or 0) * 86_400_000 + int(hours) * 3_600_000 + int(minutes) * 60_000
    return Act(START - 6 * 3_600_000 + ms + round(float(seconds) * 1000), who, words)
