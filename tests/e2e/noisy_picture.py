"""noisy_picture.py FRAME OUT: a picture whose pixels depend on FRAME alone, in a PNG that is different each time it is written."""
import os
import struct
import sys
import zlib

SIDE = 64


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


frame = int(sys.argv[1])
rows = b"".join(
    b"\0" + bytes(channel for x in range(SIDE) for channel in ((x * 4) & 255, (y * 4 + frame * 8) & 255, 200)) for y in range(SIDE)
)
with open(sys.argv[2], "wb") as out:
    out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)))
    out.write(chunk(b"tEXt", b"Software\0renderer, run " + os.urandom(8).hex().encode()))  # as renderers write times
    out.write(chunk(b"IDAT", zlib.compress(rows, 1 + os.urandom(1)[0] % 9)) + chunk(b"IEND", b""))
