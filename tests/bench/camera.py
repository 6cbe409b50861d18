"""What the camera reads of generated photographs, beside zxing alone on the same frames.

A scene is one label held before the lens for some frames. Told are the scenes of which the right
code was accepted, and every wrong one that was: the app must have none. Nothing here is a time, so
two machines say the same.
"""

import json
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.world import photographs
from tests.world.photographs import GS, Shot, dice_of, held, label, photograph

ROOT = Path(__file__).parents[2]
FRAMES = 20
"""Two seconds before a label, once around the ladder."""
SCENES = 2

CODES = {
    "Code 128": (0.5, lambda n: (f"BE-{2900 + n}-K11",) * 2, photographs.code128),
    "GS1-128": (0.62, lambda n: (f"0102000000004610K11{n:02}{GS}3024",) * 2, photographs.gs1_128),
    "EAN-13": (0.4, lambda n: (ean(f"40063813{n:04}"),) * 2, photographs.ean13),
    "UPC-A": (
        0.4, lambda n: ("0" + upc(f"0360002{n:04}"), upc(f"0360002{n:04}")),
        lambda text: photographs.written(text, "UPCA"),
    ),
    "Code 39": (
        0.5, lambda n: (f"AB-{1000 + n}",) * 2, lambda text: photographs.written(text, "Code39")
    ),
    "ITF-14": (
        0.5, lambda n: (ean(f"15400141{n:05}"),) * 2, lambda text: photographs.written(text, "ITF")
    ),
    "GS1 DataMatrix": (
        0.16,
        lambda n: (f"010200000000461010K11{n:02}", f"(01)02000000004610(10)K11{n:02}"),
        photographs.gs1_data_matrix,
    ),
    "QR": (0.16, lambda n: (f"06-B-{n:02}",) * 2, photographs.qr),
}  # fmt: skip
"""How wide it is held, the text as it is read and as it is drawn, and who draws it."""

WAYS = {
    "straight": Shot(),
    "tilted 20": Shot(roll=20),
    "tilted 33": Shot(roll=-33),
    "tilted 45": Shot(roll=45),
    "tilted 65": Shot(roll=65),
    "from the side": Shot(yaw=40, pitch=15),
    "from above": Shot(pitch=40, yaw=-15),
    "blurred": Shot(blur=1.4),
    "more blurred": Shot(blur=1.9),
    "smeared": Shot(smear=4),
    "tilted, blurred": Shot(roll=20, blur=1.3),
    "grained": Shot(noise=25),
    "low contrast": Shot(contrast=0.25, noise=4),
    "half in shade": Shot(light=0.7),
    "two labels": Shot(),
}
HARD_FOR_BARS = ("tilted", "blurred", "more blurred", "smeared")


def ean(digits):
    """Add the check digit of a GTIN."""
    total = sum(int(digit) * (3, 1)[n % 2] for n, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


upc = ean


class Reading:
    """The reader in a process of its own: scenes go in, what was made of them comes out."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["node", "--no-warnings", "bench/camera.ts"], cwd=ROOT / "pwa",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def read(self, frames):
        """Return what each accepted first, or None, and the milliseconds of each for one frame."""
        self._tell("0 0")
        accepted, looked = {"app": None, "plain": None}, Counter()
        for frame in frames:
            looked.update([who for who, text in accepted.items() if text is None])
            self._tell(f"{frame.width} {frame.height}", frame.tobytes())
            told = json.loads(self.process.stdout.readline())
            accepted = {who: text or told[who] for who, text in accepted.items()}
            if all(accepted.values()):
                break
        return accepted, {who: told["ms"][who] / looked[who] for who in accepted}

    def _tell(self, line, greys=b""):
        self.process.stdin.write(line.encode() + b"\n" + greys)
        self.process.stdin.flush()

    def close(self):
        self.process.communicate()


def scene(code, way, number):
    """Return the text that is aimed at, and the frames."""
    width, textual, draw = CODES[code]
    text, drawn = textual(number)
    dice = dice_of(code, way, number)
    sheet = label(draw(drawn), "Bearing", text.replace(GS, " "))
    shot = held(replace(WAYS[way], width=width), dice)
    sheets = [(sheet, shot)]
    if way == "two labels":
        neighbour = label(photographs.code128(f"XX-{number}00"), "Other", "")
        beside = Shot(width=0.25, x=0.1, y=-0.32)
        sheets.append((neighbour, beside))
    return text, (
        photograph([(one, held(how, dice)) for one, how in sheets], dice) for _ in range(FRAMES)
    )


def run(scenes=SCENES):
    """Read everything, and print."""
    reading = Reading()
    right, wrong, ms = Counter(), Counter(), Counter()
    try:
        for code in CODES:
            for way in WAYS:
                for number in range(scenes):
                    text, frames = scene(code, way, number)
                    accepted, times = reading.read(frames)
                    ms.update(times)
                    for who, told in accepted.items():
                        right[who, code, way] += told == text
                        wrong[who, code, way] += told not in {None, text}
    finally:
        reading.close()
    _print(right, wrong, scenes)
    print(f"time a frame beside zxing alone: {ms['app'] / ms['plain']:.2f}")


def _print(right, wrong, scenes):
    print(f"\n{'read of ' + str(scenes) + ', app / zxing':24}" + "".join(f"{c:>17}" for c in CODES))
    for way in WAYS:
        cells = [_cell(right, wrong, code, way) for code in CODES]
        print(f"{way:24}" + "".join(f"{cell:>17}" for cell in cells))
    worse = [
        f"{code}, {way}"
        for code in CODES
        for way in WAYS
        if right["app", code, way] < right["plain", code, way]
    ]
    bars = [code for code in CODES if code not in {"QR", "GS1 DataMatrix"}]
    hard = [way for way in WAYS if way.startswith(HARD_FOR_BARS)]
    for name, codes, ways in (("all", CODES, WAYS), ("bars, tilted or blurred", bars, hard)):
        of = len(codes) * len(ways) * scenes
        sums = [sum(right[who, c, w] for c in codes for w in ways) for who in ("app", "plain")]
        print(f"{name}: {sums[0]} and {sums[1]} of {of}")
    wrongs = [sum(n for (who, _, _), n in wrong.items() if who == one) for one in ("app", "plain")]
    print(f"wrong codes accepted (aim 0): {wrongs[0]}, zxing alone {wrongs[1]}")
    print(f"worse than zxing alone (aim none): {'; '.join(worse) or 'none'}")


def _cell(right, wrong, code, way):
    told = [
        f"{right[who, code, way]}" + (f" ({wrong[who, code, way]} wrong)" if n else "")
        for who in ("app", "plain")
        for n in [wrong[who, code, way]]
    ]
    return " / ".join(told)
