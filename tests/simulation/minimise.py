"""Makes a failing script shorter: fewer lines, calmer weather, better clocks, the same promise."""

from tests.simulation.network import Weather
from tests.simulation.script import ClockOf


def minimise(script, breaks, budget=300):
    """Return the shortest script that still breaks, as `breaks` says, the same promise."""
    tries = [0]

    def still(candidate):
        tries[0] += 1
        return tries[0] <= budget and breaks(candidate)

    for calmer in _calmer(script):
        if calmer != script and still(calmer):
            script = calmer
    script = _fewer(script, still)
    for calmer in _calmer(script):
        if calmer != script and still(calmer):
            script = calmer
    return script


def _calmer(script):
    """Yield the script without some of its odds; later ones build on what the caller kept."""
    yield script._replace(weather=Weather(), clocks={})
    yield script._replace(weather=Weather())
    yield script._replace(clocks={})
    for fault in Weather._fields:
        yield script._replace(weather=script.weather._replace(**{fault: 0.0}))
    for name in script.clocks:
        yield script._replace(clocks={**script.clocks, name: ClockOf()})


def _fewer(script, still):
    """Take out halves, quarters … single lines, as long as it still breaks."""
    size = max(1, len(script.acts) // 2)
    while size:
        n = 0
        while n < len(script.acts):
            fewer = script._replace(acts=script.acts[:n] + script.acts[n + size :])
            if still(fewer):
                script = fewer
            else:
                n += size
        size //= 2
    return script
