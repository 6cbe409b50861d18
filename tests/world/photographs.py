"""Photographs of labels as a phone takes them, drawn from a seed.

A label is a sheet in space: turned, tilted and far away by so much, then lit, blurred and grained.
The numbers are those of a lens and a hand; nothing here knows what a reader can bear.
"""

import io
import math
import random
from dataclasses import dataclass, replace

import barcode
import qrcode
import zxingcpp
from barcode.writer import ImageWriter
from PIL import Image, ImageChops, ImageDraw, ImageFilter

FRAME = (1280, 720)
GS = "\x1d"
CARDBOARD, LABEL = 150, 240


@dataclass(frozen=True)
class Shot:
    """How a sheet is held before the lens: degrees, parts of the frame, pixels."""

    width: float = 0.46
    """Of the code, as a part of the frame's."""
    roll: float = 0
    yaw: float = 0
    pitch: float = 0
    x: float = 0
    y: float = 0
    blur: float = 0.6
    smear: int = 0
    """Pixels that the hand moved sideways while the shutter was open."""
    noise: int = 6
    contrast: float = 1
    light: float = 0
    """How much darker one side of the sheet is than the other, of its own brightness."""


def code128(text):
    return _linear(barcode.get("code128", text, writer=ImageWriter()))


def gs1_128(text):
    """`text` as it is read, with separators."""
    return _linear(barcode.get("gs1_128", text.replace(GS, "\xf1"), writer=ImageWriter()))


def ean13(text):
    return _linear(barcode.get("ean13", text, writer=ImageWriter()))


def _linear(made):
    options = {"module_width": 0.5, "module_height": 22, "quiet_zone": 5.5, "write_text": False}
    return _trimmed(made.render({**options, "dpi": 300, "background": "white"}).convert("L"))


def _trimmed(image):
    """The bars and the quiet zone beside them, without the writer's room above and below."""
    box = ImageChops.invert(image).getbbox()
    return image.crop((0, box[1], image.width, box[3]))


def qr(text):
    made = qrcode.QRCode(border=4, box_size=8)
    made.add_data(text)
    return made.make_image().get_image().convert("L")


def written(text, kind, **options):
    """By the writer of zxing-cpp: what python-barcode and qrcode cannot draw."""
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind), **options)
    view = memoryview(made.to_image(scale=6, add_quiet_zones=True))
    return Image.frombytes("L", (view.shape[1], view.shape[0]), bytes(view))


def gs1_data_matrix(text):
    """`text` with its identifiers in brackets."""
    return written(text, "DataMatrix", gs1=True)


def label(code, title="", below=""):
    """The code on white paper with words around it, as labels have them."""
    margin = code.height // 5
    sheet = Image.new("L", (code.width + 2 * margin, code.height + 6 * margin), LABEL)
    bars = code.point(lambda grey: 25 + grey * (LABEL - 25) // 255)
    sheet.paste(bars, (margin, 3 * margin))
    draw = ImageDraw.Draw(sheet)
    draw.text((margin, margin // 2), title, fill=20, font_size=int(margin * 1.6))
    draw.text((margin, code.height + 3 * margin + margin // 2), below, fill=20, font_size=margin)
    return sheet


def photograph(sheets, dice, frame=FRAME):
    """One frame: each `(sheet, shot)` lies on cardboard, the first on top; light by the first."""
    scene = Image.new("L", frame, CARDBOARD)
    for sheet, shot in reversed(sheets):
        _lay(scene, sheet, shot)
    shot = sheets[0][1]
    if shot.light:
        scene = _lit(scene, shot.light)
    if shot.contrast != 1:
        scene = scene.point(lambda grey: int(128 + (grey - 128) * shot.contrast))
    scene = scene.filter(ImageFilter.GaussianBlur(shot.blur))
    if shot.smear:
        scene = scene.filter(ImageFilter.BoxBlur((shot.smear / 2, 0)))
    return _grained(scene, shot.noise, dice)


def held(shot, dice):
    """The same shot a moment later: no hand is still."""
    return replace(
        shot, roll=shot.roll + dice.gauss(0, 0.8), x=shot.x + dice.gauss(0, 0.004),
        y=shot.y + dice.gauss(0, 0.004), width=shot.width * (1 + dice.gauss(0, 0.008)),
    )  # fmt: skip


def jpeg(frame):
    """As a camera gives it to Chromium's fake device: colour, and halved in both directions."""
    out = io.BytesIO()
    frame.convert("RGB").save(out, "JPEG", quality=88, subsampling=2)
    return out.getvalue()


def _lay(scene, sheet, shot):
    size = scene.size
    back = _inverse(_projection(sheet, shot, size))
    scale = back[2][2]
    numbers = [cell / scale for row in back for cell in row][:8]
    way = Image.Transform.PERSPECTIVE
    laid = sheet.transform(size, way, numbers, Image.Resampling.BICUBIC)
    mask = Image.new("L", sheet.size, 255).transform(size, way, numbers)
    scene.paste(laid, (0, 0), mask)


def _projection(sheet, shot, size):
    """From the sheet's pixels to the frame's: a pinhole, as far away as its picture is wide."""
    width, height = size
    away = float(width)
    roll, yaw, pitch = (math.radians(angle) for angle in (shot.roll, shot.yaw, shot.pitch))
    scale = shot.width * width / sheet.width
    across = _turned((scale, 0, 0), roll, yaw, pitch)
    down = _turned((0, scale, 0), roll, yaw, pitch)
    middle = [
        shot.x * width - (across[i] * sheet.width + down[i] * sheet.height) / 2
        if i == 0
        else shot.y * height * (i == 1)
        + away * (i == 2)
        - (across[i] * sheet.width + down[i] * sheet.height) / 2
        for i in range(3)
    ]
    lens = [[away, 0, width / 2], [0, away, height / 2], [0, 0, 1]]
    pose = [[across[i], down[i], middle[i]] for i in range(3)]
    return [[sum(lens[r][k] * pose[k][c] for k in range(3)) for c in range(3)] for r in range(3)]


def _turned(point, roll, yaw, pitch):
    x, y, z = point
    x, y = x * math.cos(roll) - y * math.sin(roll), x * math.sin(roll) + y * math.cos(roll)
    x, z = x * math.cos(yaw) + z * math.sin(yaw), z * math.cos(yaw) - x * math.sin(yaw)
    y, z = y * math.cos(pitch) - z * math.sin(pitch), y * math.sin(pitch) + z * math.cos(pitch)
    return x, y, z


def _inverse(m):
    """Of three by three, but for a factor, which a projection does not have."""
    return [
        [
            m[(c + 1) % 3][(r + 1) % 3] * m[(c + 2) % 3][(r + 2) % 3]
            - m[(c + 1) % 3][(r + 2) % 3] * m[(c + 2) % 3][(r + 1) % 3]
            for c in range(3)
        ]
        for r in range(3)
    ]


def _lit(scene, light):
    shade = Image.linear_gradient("L").rotate(90).resize(scene.size)
    return ImageChops.multiply(scene, shade.point(lambda grey: int(255 - light * (255 - grey))))


def _grained(scene, noise, dice):
    if not noise:
        return scene
    size = scene.width * scene.height
    grain = [Image.frombytes("L", scene.size, dice.randbytes(size)) for _ in range(2)]
    # The mean of two even ones has a deviation of 52.
    mixed = Image.blend(*grain, 0.5).point(lambda grey: int(128 + (grey - 127.5) * noise / 52))
    return ImageChops.add(scene, mixed, offset=-128)


def dice_of(*seed):
    return random.Random("/".join(map(str, seed)))
