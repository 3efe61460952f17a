"""Writes images.json: small image files of every kind, and the gray pixels expected of each.

PNG files are written by hand here, so their pixels are known exactly. JPEG files are written by Pillow, libjpeg-turbo's
jpegtran (arithmetic coding, 4:4:0) and TurboJPEG (YCCK), and read back by Pillow; EXIF orientations are applied by Pillow.

    apt-get install libjpeg-turbo-progs && python3 -m pip install numpy pillow && python3 make_images.py
"""
import base64, ctypes, ctypes.util, io, json, os, struct, subprocess, zlib
import numpy as np, PIL
from PIL import Image, ImageCms, ImageOps
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


def add(name, data, gray, tolerance=0, behind=b""):
    """`behind` are bytes behind the picture's end, which a reader ignores."""
    gray = np.asarray(gray)
    cases.append({"name": name, "file": base64.b64encode(data + behind).decode(), "length": len(data),
                  "width": gray.shape[1], "height": gray.shape[0],
                  "gray": base64.b64encode(gray.astype(np.uint8).tobytes()).decode(), "tolerance": tolerance})


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
    wide = bits16(50, 4)
    add("PNG RGBA 16" + tag, png(wide, 6, 16, interlaced), over_white(luma(narrow(wide[..., :3])), narrow(wide[..., 3])))
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
for depth in (1, 2, 8):
    palette = np.stack([pictures.noise(2 ** depth, 1, s)[0] for s in (9, 10, 11)], -1)
    index = gray >> (8 - depth)
    add(f"PNG palette {depth}", png(index, 3, depth, False, chunk(b"PLTE", palette.tobytes())), luma(palette[index]))
key = rgb[5, 7]
add("PNG RGB 8 with a transparent colour", png(rgb, 2, 8, False, chunk(b"tRNS", struct.pack(">HHH", *map(int, key)))),
    np.where((rgb == key).all(-1), 255, luma(rgb)))
wide = bits16(20, 1)
add("PNG gray 16 with a transparent level", png(wide, 0, 16, False, chunk(b"tRNS", struct.pack(">H", int(wide[3, 4, 0])))),
    np.where(wide == wide[3, 4, 0], 255, narrow(wide))[..., 0])
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
add("PNG with gamma, profile and text",
    png(rgb, 2, 8, False, chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"iCCP", b"p\0\0" + zlib.compress(profile))
        + chunk(b"tEXt", b"Comment\0none") + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"none"))), luma(rgb))
add("PNG with bytes behind its end", png(gray, 0, 8), gray, 0, b"behind" * 9)
frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, W, H, 0, 0, 1, 10, 0, 0))
second = zlib.compress(packed_rows((255 - gray)[..., None], 8))
animation = chunk(b"acTL", struct.pack(">II", 2, 0))
later = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, W, H, 0, 0, 1, 10, 0, 0)) + chunk(b"fdAT", struct.pack(">I", 2) + second)
add("PNG animated", png(gray, 0, 8, False, animation + frame, later), gray)
# Here the default picture is no frame of the animation.
animation = chunk(b"acTL", struct.pack(">II", 1, 0))
add("PNG animated, with a default picture", png(gray, 0, 8, False, animation,
                                                frame + chunk(b"fdAT", struct.pack(">I", 1) + second)), gray)


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

marker = data.index(b"\xff\xee")
assert data[marker + 4:marker + 9] == b"Adobe"
add("JPEG CMYK without Adobe's marker", data[:marker] + data[marker + 16:], luma((stored[..., :3] * stored[..., 3:] + 127) // 255),
    1)


def turbo_ycck(pixels):
    """A YCCK file of inverted CMYK pixels, by TurboJPEG."""
    library = ctypes.CDLL(ctypes.util.find_library("turbojpeg"))
    library.tjInitCompress.restype = ctypes.c_void_p
    out, size = ctypes.POINTER(ctypes.c_ubyte)(), ctypes.c_ulong()
    pixels = np.ascontiguousarray(pixels, np.uint8)
    # Pixel format 11 is CMYK, subsampling 2 is 4:2:0.
    assert library.tjCompress2(ctypes.c_void_p(library.tjInitCompress()), ctypes.c_void_p(pixels.ctypes.data),
                               pixels.shape[1], 0, pixels.shape[0], 11, ctypes.byref(out), ctypes.byref(size), 2, 85, 0) == 0
    return bytes(out[:size.value])


data = turbo_ycck(255 - np.dstack([smooth, smooth[..., :1] // 3]))
assert data[data.index(b"Adobe") + 11] == 2
stored = 255 - np.asarray(Image.open(io.BytesIO(data))).astype(np.int64)
add("JPEG YCCK", data, luma((stored[..., :3] * stored[..., 3:] + 127) // 255), 1)


def jpegtran(data, *options):
    return subprocess.run(["jpegtran", "-copy", "all", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


base = jpeg(Image.fromarray(smooth), quality=85, subsampling=1)
# The same coefficients, coded in another way: what Pillow reads from the base is expected of each.
for name, options in [("arithmetic", ["-arithmetic"]), ("arithmetic, progressive", ["-arithmetic", "-progressive"]),
                      ("restart markers every block", ["-restart", "1B"])]:
    add("JPEG " + name, jpegtran(base, *options), read_luma(base))
data = jpegtran(base, "-transpose", "-optimize")
add("JPEG 4:4:0", data, read_luma(data))
data = jpeg(Image.fromarray(smooth), quality=85, icc_profile=profile)
add("JPEG with a colour profile", data, read_luma(data))
data = jpeg(Image.fromarray(smooth[:8, :8]), quality=85, comment="none")
add("JPEG with bytes behind its end", data, read_luma(data), 0, b"\xff\xd8behind" * 9)


def exif(orientation, order):
    """A TIFF block with a few entries before the orientation, as cameras write it."""
    number = lambda *parts: b"".join(struct.pack(order + kind, value) for kind, value in parts)
    entries = [(0x010E, 2, 5, 50), (0x0110, 2, 4, 0x6E6F6E65), (0x0112, 3, 1, orientation), (0x0213, 3, 1, 1)]
    block = (b"II*\0" if order == "<" else b"MM\0*") + number(("I", 8), ("H", len(entries)))
    for tag, kind, count, value in entries:
        block += number(("H", tag), ("H", kind), ("I", count))
        block += number(("H", value), ("H", 0)) if kind == 3 else number(("I", value))
    return block + number(("I", 0)) + b"none\0\0\0\0"


scene = pictures.blobs(13, 21, 9)
for orientation in range(1, 9):
    order = "<>"[orientation % 2]
    data = jpeg(Image.fromarray(scene), quality=90, exif=b"Exif\0\0" + exif(orientation, order))
    add(f"JPEG orientation {orientation}", data, np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))))
    block = chunk(b"eXIf", exif(orientation, order))
    before, after = (block, b"") if orientation % 3 else (b"", block)
    data = png(scene, 0, 8, orientation == 5, before, after)
    picture = Image.open(io.BytesIO(data))
    picture.load()
    add(f"PNG orientation {orientation}", data, np.asarray(ImageOps.exif_transpose(picture)))


def written(kind, **options):
    out = io.BytesIO()
    frames = [Image.fromarray(pictures.blobs(8, 8, seed)) for seed in (1, 2)]
    frames[0].save(out, kind, **options, **({"save_all": True, "append_images": frames[1:]} if kind in ("GIF", "WEBP") else {}))
    return base64.b64encode(out.getvalue()).decode()


refused = [{"format": name, "file": written(kind)} for name, kind in
           [("GIF", "GIF"), ("WebP", "WEBP"), ("BMP", "BMP"), ("TIFF", "TIFF"), ("HEIF or AVIF", "AVIF"),
            ("JPEG 2000", "JPEG2000")]]

# How far the Y channel lies from the luma of the RGB pixels that a reader makes of it: of strong colours, which leave
# the RGB cube and are clipped, farther than of weak ones.
luma_of_rgb = []
for name, strength in [("weak colours", 0.25), ("strong colours", 1)]:
    gray_part = smooth.mean(-1, keepdims=True)
    picture = np.clip(gray_part + (smooth - gray_part) * strength, 0, 255).astype(np.uint8)
    data = jpeg(Image.fromarray(picture), quality=85)
    expected = luma(np.asarray(Image.open(io.BytesIO(data))))
    print(name, "Y against luma of RGB: worst", np.abs(expected - read_luma(data).astype(int)).max())
    luma_of_rgb.append({"name": name, "file": base64.b64encode(data).decode(), "gray": base64.b64encode(
        expected.astype(np.uint8).tobytes()).decode()})

with open(os.path.join(HERE, "images.json"), "w") as out:
    json.dump({"generator": "make_images.py", "pillow": PIL.__version__, "cases": cases, "refused": refused,
               "lumaOfRGB": luma_of_rgb}, out, indent=1)
    out.write("\n")
print(len(cases), "files to read,", len(refused), "to refuse")
