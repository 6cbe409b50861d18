"""The network between one device and the server: it loses, repeats, delays, cuts and garbles.

Each message's fate is drawn by the name of its device and its number, so that a world that lost
one line of its script still gives every other message the same fate, as far as that can be.
"""

from typing import NamedTuple

from tests.simulation.scheduler import DAY, SECOND

TIMEOUT = 30 * SECOND


class Weather(NamedTuple):
    """How likely each fault is for one message."""

    lose: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0
    cut: float = 0.0


class Network:
    """Carries requests and answers; `offline` maps a device to the time when it is back."""

    def __init__(self, scheduler, dice, server, weather):
        self.scheduler = scheduler
        self.dice = dice
        self.server = server
        self.weather = weather
        self.offline = {}
        self.mute = {}
        """One-way partitions: requests arrive, answers do not."""
        self._sent = {}

    def ask(self, device, path, body, answered):
        """Send a request. `answered` gets (status, bytes, retry after), or None, once."""
        number = self._sent[device] = self._sent.get(device, 0) + 1
        dice = self.dice.of("message", device, number)
        if self._is(self.offline, device):
            self.scheduler.after(dice.randint(1, 500), answered, None)
            return
        once = _Once(answered)
        self.scheduler.after(TIMEOUT, once, None)
        weather = self.weather
        if dice.random() < weather.lose:
            return
        copies = 2 if path == "push" and dice.random() < weather.repeat else 1
        for _ in range(copies):
            delay = self._delay(dice)
            back = self._delay(dice)
            fate = (dice.random() < weather.lose, dice.random() < weather.cut)
            self.scheduler.after(delay, self._arrive, device, path, body, once, back, fate)

    def _delay(self, dice):
        """Ten to four hundred ms; sometimes anything up to three days."""
        if dice.random() < self.weather.delay:
            return int(SECOND * (3 * DAY / SECOND) ** dice.random())
        return dice.randint(10, 400)

    def _arrive(self, device, path, body, once, back, fate):
        def answer(told):
            lost, cut = fate
            if lost or self._is(self.mute, device):
                return
            if cut and told is not None:
                status, data, retry = told
                told = (status, data[: len(data) // 2], retry)
            self.scheduler.after(back, self._deliver, device, once, told)

        self.server.handle(device, path, body, answer)

    def _deliver(self, device, once, told):
        if not self._is(self.offline, device):
            once(told)

    def _is(self, until, device):
        return self.scheduler.now < until.get(device, 0)


class _Once:
    """The first answer counts; a timeout is one too."""

    def __init__(self, answered):
        self._answered = answered

    def __call__(self, told):
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(told)
