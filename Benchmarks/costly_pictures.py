"""Writes small files that are as expensive to decode as the limits allow (50 million pixels, 8 MiB), into a folder:

    python3 -m pip install numpy pillow && python3 Benchmarks/costly_pictures.py FOLDER
    for file in FOLDER/*; do .build/release/VisionBenchmark decode "$file"; done
"""
import io, os, struct, sys, zlib
import numpy as np
from PIL import Image

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
SIDE = 7071


def write(name, data):
    with open(os.path.join(folder, name), "wb") as out:
        out.write(data)
    print(name, len(data), "bytes")


def jpeg(mode, **options):
    out = io.BytesIO()
    Image.new(mode, (SIDE, SIDE), 90 if mode == "L" else (90, 120, 60, 30)[:len(mode)]).save(out, "JPEG", **options)
    return out.getvalue()


write("baseline.jpg", jpeg("RGB"))
write("baseline-cmyk.jpg", jpeg("CMYK"))
progressive = jpeg("RGB", progressive=True, subsampling=0)
write("progressive.jpg", progressive)
write("progressive-cmyk.jpg", jpeg("CMYK", progressive=True))


def scans(data):
    """The places of the scans of a progressive file, and its end."""
    places = [i for i in range(len(data) - 1) if data[i] == 0xFF and data[i + 1] == 0xDA]
    return places, data.rindex(b"\xff\xd9")


# The last scan, a refinement that changes nothing, again and again.
places, end = scans(progressive)
last = progressive[places[-1]:end]
for count in (80, 450, 2000):
    write(f"progressive-{count}-scans.jpg", progressive[:end] + last * count + progressive[end:])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(color, depth, channels, interlaced, extra=b""):
    compressor, parts = zlib.compressobj(9), []
    # Interlaced: passes one after another, each row with its filter byte.
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    for x0, y0, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        row = b"\0" * (1 + (len(range(x0, SIDE, dx)) * channels * depth + 7) // 8)
        for _ in range(y0, SIDE, dy):
            parts.append(compressor.compress(row))
    parts.append(compressor.flush())
    header = struct.pack(">IIBBBBB", SIDE, SIDE, depth, color, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", b"".join(parts))
            + chunk(b"IEND", b""))


write("rgba16.png", png(6, 16, 4, False))
write("rgba16-interlaced.png", png(6, 16, 4, True))
write("gray1.png", png(0, 1, 1, False))
text = b"Comment\0\0" + zlib.compress(b"\0" * (100 << 20), 9)
write("text-of-100-MB.png", png(0, 1, 1, False, chunk(b"zTXt", text)))
many = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * (1 << 20), 9))
write("many-texts.png", png(0, 1, 1, False, many * 500))
write("tiny-chunks.png", png(0, 1, 1, False, chunk(b"abCd", b"") * 500_000))
