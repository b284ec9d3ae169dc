"""The icons of a site: bars of an answer on a coloured ground, drawn at each size."""

import struct
import zlib
from pathlib import Path

import numpy as np

FROM, TO = (91, 84, 240), (16, 160, 176)
# Left end, middle line, length and opacity of each bar, as parts of the icon's side.
BARS = ((0.25, 0.335, 0.30, 0.72), (0.25, 0.5, 0.50, 1.0), (0.25, 0.665, 0.19, 0.72))
THICK = 0.105


def write(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "icon.svg").write_text(_svg())
    for name, size, corner in (
        ("icon-192.png", 192, 0.22),
        ("icon-512.png", 512, 0.22),
        # Launchers cut these to a shape of their own.
        ("maskable-512.png", 512, 0.0),
        ("apple-touch-icon.png", 180, 0.0),
    ):
        # What is cut off a maskable icon may be a fifth of it at each side.
        (folder / name).write_bytes(_png(_draw(size, corner, 1.0 if corner else 0.82)))


def _draw(size: int, corner: float, scale: float) -> np.ndarray:
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size
    mix = ((x + y) / 2)[..., None]
    colour = np.array(FROM) * (1 - mix) + np.array(TO) * mix
    for left, middle, length, opacity in BARS:
        u, v = (x - 0.5) / scale + 0.5, (y - 0.5) / scale + 0.5
        inside = _box(u, v, left, left + length, middle - THICK / 2, middle + THICK / 2, THICK / 2, size * scale)
        colour = colour + (255 - colour) * (inside * opacity)[..., None]
    ground = _box(x, y, 0, 1, 0, 1, corner, size) if corner else np.ones_like(x)
    return np.dstack([colour, ground * 255]).round().astype(np.uint8)


def _box(x, y, left, right, top, bottom, radius, size):
    """How much of each pixel a box with round corners covers, by the distance from its edge."""
    dx = np.abs(x - (left + right) / 2) - (right - left) / 2 + radius
    dy = np.abs(y - (top + bottom) / 2) - (bottom - top) / 2 + radius
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius
    return np.clip(0.5 - outside * size, 0, 1)


def _png(pixels: np.ndarray) -> bytes:
    height, width, _ = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)) + chunk(b"IEND", b"")


def _svg() -> str:
    bars = "".join(
        f'<rect x="{left * 100:g}" y="{(middle - THICK / 2) * 100:g}" width="{length * 100:g}" '
        f'height="{THICK * 100:g}" rx="{THICK * 50:g}" fill="#fff" fill-opacity="{opacity:g}"/>'
        for left, middle, length, opacity in BARS
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><defs>'
        '<linearGradient id="g" x1="0" y1="0" x2="1" y2="1">'
        f'<stop stop-color="rgb{FROM}"/><stop offset="1" stop-color="rgb{TO}"/></linearGradient></defs>'
        f'<rect width="100" height="100" rx="22" fill="url(#g)"/>{bars}</svg>\n'
    )
