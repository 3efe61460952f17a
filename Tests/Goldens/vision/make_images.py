"""Writes images.json: small image files of every kind, and the gray pixels expected of each.

PNG files are written by hand here, so their pixels are known exactly; JPEG files are written and read back by Pillow.

    python3 -m pip install numpy pillow && python3 make_images.py
"""
import base64, io, json, os, struct, zlib
import numpy as np, PIL
from PIL import Image
import pictures

HERE = os.path.dirname(os.path.abspath(__file__))
W, H = 21, 13


def luma(rgb):
    rgb = rgb.astype(np.int64)
    return (19595 * rgb[..., 0] + 38470 * rgb[..., 1] + 7471 * rgb[..., 2] + 32768) >> 16


def over_white(gray, alpha):
    return (alpha.astype(np.int64) * gray + (255 - alpha.astype(np.int64)) * 255 + 127) // 255


def narrow(wide):
    return (wide.astype(np.int64) * 255 + 32767) // 65535


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    """Rows of [h, w, channels] samples as PNG bytes with filter 0 (first row) or 1 (the others)."""
    out = b""
    for number, row in enumerate(samples):
        flat = row.reshape(-1)
        if depth == 16:
            data = flat.astype(">u2").tobytes()
        elif depth == 8:
            data = flat.astype(np.uint8).tobytes()
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in flat)
            bits += "0" * (-len(bits) % 8)
            data = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
        if number == 0:
            out += b"\0" + data
        else:
            step = max(1, row.shape[-1] * depth // 8)
            out += b"\1" + bytes((b - (data[i - step] if i >= step else 0)) & 255 for i, b in enumerate(data))
    return out


def png(samples, color, depth, interlaced=False, extra=b"", before_end=b""):
    samples = samples.reshape(samples.shape[0], samples.shape[1], -1)
    if interlaced:
        raw = b""
        for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                               (0, 1, 1, 2)]:
            part = samples[y0::dy, x0::dx]
            if part.size:
                raw += packed_rows(part, depth)
    else:
        raw = packed_rows(samples, depth)
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, color, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw)) + before_end
            + chunk(b"IEND", b""))


def bits16(seed, channels):
    high = np.stack([pictures.noise(W, H, seed + i) for i in range(2 * channels)], -1).astype(np.int64)
    return high[..., :channels] * 256 + high[..., channels:]


cases = []


def add(name, data, gray, tolerance=0):
    gray = np.asarray(gray)
    cases.append({"name": name, "file": base64.b64encode(data).decode(), "width": gray.shape[1],
                  "height": gray.shape[0], "gray": base64.b64encode(gray.astype(np.uint8).tobytes()).decode(),
                  "tolerance": tolerance})


gray = pictures.noise(W, H, 1)
rgb = np.stack([pictures.noise(W, H, s) for s in (2, 3, 4)], -1)
alpha = pictures.noise(W, H, 5)
for interlaced in (False, True):
    tag = ", interlaced" if interlaced else ""
    add("PNG gray 8" + tag, png(gray, 0, 8, interlaced), gray)
    for depth in (1, 2, 4):
        small = gray >> (8 - depth)
        add(f"PNG gray {depth}" + tag, png(small, 0, depth, interlaced), small * (255 // (2 ** depth - 1)))
    add("PNG gray 16" + tag, png(bits16(20, 1), 0, 16, interlaced), narrow(bits16(20, 1)[..., 0]))
    add("PNG RGB 8" + tag, png(rgb, 2, 8, interlaced), luma(rgb))
    add("PNG RGB 16" + tag, png(bits16(30, 3), 2, 16, interlaced), luma(narrow(bits16(30, 3))))
    add("PNG gray and alpha 8" + tag, png(np.dstack([gray, alpha]), 4, 8, interlaced), over_white(gray, alpha))
    wide = bits16(40, 2)
    add("PNG gray and alpha 16" + tag, png(wide, 4, 16, interlaced),
        over_white(narrow(wide[..., 0]), narrow(wide[..., 1])))
    add("PNG RGBA 8" + tag, png(np.dstack([rgb, alpha]), 6, 8, interlaced), over_white(luma(rgb), alpha))
    palette = np.stack([pictures.noise(16, 1, s)[0] for s in (6, 7, 8)], -1)
    clear = np.array([0, 128, 255], np.uint8)
    index = gray >> 4
    opacity = np.full(16, 255)
    opacity[:3] = clear
    add("PNG palette 4 with transparency" + tag,
        png(index, 3, 4, interlaced, chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", clear.tobytes())),
        over_white(luma(palette[index]), opacity[index]))
    add("PNG gray 4 with a transparent level" + tag,
        png(gray >> 4, 0, 4, interlaced, chunk(b"tRNS", struct.pack(">H", 5))),
        np.where(gray >> 4 == 5, 255, (gray >> 4) * 17))
animation = chunk(b"acTL", struct.pack(">II", 2, 0))
control = struct.pack(">IIIIIHHBB", 0, W, H, 0, 0, 1, 10, 0, 0)
second = struct.pack(">I", 2) + zlib.compress(packed_rows((255 - gray)[..., None], 8))
add("PNG animated", png(gray, 0, 8, False, animation + chunk(b"fcTL", control),
                        chunk(b"fcTL", struct.pack(">I", 1) + control[4:]) + chunk(b"fdAT", second)), gray)


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def read_luma(data):
    picture = Image.open(io.BytesIO(data))
    picture.draft("L", picture.size)
    assert picture.mode == "L"
    return np.asarray(picture)


smooth = np.stack([pictures.blobs(40, 30, s) for s in (2, 3, 4)], -1)
for name, options in [("baseline", {}), ("progressive", {"progressive": True}), ("4:4:4", {"subsampling": 0}),
                      ("4:2:2", {"subsampling": 1}), ("4:2:0", {"subsampling": 2}),
                      ("restart markers", {"restart_marker_blocks": 2})]:
    data = jpeg(Image.fromarray(smooth), quality=85, **options)
    add("JPEG " + name, data, read_luma(data))
data = jpeg(Image.fromarray(smooth[..., 0]), quality=85)
add("JPEG gray", data, read_luma(data))
data = jpeg(Image.fromarray(smooth), quality=85, keep_rgb=True)
add("JPEG RGB", data, luma(np.asarray(Image.open(io.BytesIO(data)))), 1)
data = jpeg(Image.fromarray(np.dstack([smooth, smooth[..., :1] // 3]), "CMYK"), quality=85)
# Pillow has turned the stored, inverted inks around: ink = 255 − stored.
stored = 255 - np.asarray(Image.open(io.BytesIO(data))).astype(np.int64)
add("JPEG CMYK", data, luma((stored[..., :3] * stored[..., 3:] + 127) // 255), 1)

with open(os.path.join(HERE, "images.json"), "w") as out:
    json.dump({"generator": "make_images.py", "pillow": PIL.__version__, "cases": cases}, out, indent=1)
    out.write("\n")
