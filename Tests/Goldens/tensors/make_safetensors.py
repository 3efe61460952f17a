#!/usr/bin/env python3
"""Makes the goldens beside this file with the format's own library, and checks a file of ours with it.

Needs the `safetensors` package, PyTorch and numpy (their versions stand in the files); the tests need only the files.

    python3 Tests/Goldens/tensors/make_safetensors.py

- library.safetensors: tensors of every element type Lectern reads, written by the library; `NAME|F32` holds what
  numpy makes of `NAME`. bfloat16 is what numpy lacks: its values are the float32 whose upper half it is.
- hostile.json: files and what the library says of them (null: it loads them). Lectern refuses at least what it does.
- lectern.safetensors is written by Lectern's own writer (a test demands its very bytes) and only read here: the
  library must find in it what CONTENT says.
"""
import base64
import json
import pathlib
import struct

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent
VERSIONS = {"safetensors": safetensors.__version__, "numpy": np.__version__, "torch": torch.__version__}


def library():
    rng = np.random.default_rng(20240117)
    half = np.concatenate([
        np.array([0, 0x8000, 1, 0x8001, 0x3FF, 0x400, 0x3C00, 0xBC00, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00], dtype=np.uint16),
        rng.integers(0, 0x7C00, 500, dtype=np.uint16), rng.integers(0x8000, 0xFC00, 500, dtype=np.uint16)])
    upper = np.concatenate([
        np.array([0, 0x8000, 1, 0x8001, 0x7F, 0x80, 0x3F80, 0xBF80, 0x7F7F, 0xFF7F, 0x7F80, 0xFF80], dtype=np.uint16),
        rng.integers(0, 0x7F80, 500, dtype=np.uint16), rng.integers(0x8000, 0xFF80, 500, dtype=np.uint16)])
    largest = float(np.finfo(np.float32).max)
    double = np.concatenate([
        # Ties to even in both directions, just beside ties, the smallest numbers, the largest that rounds to finite.
        np.array([0.0, -0.0, 1 + 2**-24, 1 + 3 * 2**-24, 1 + 2**-24 + 2**-52, 1 + 2**-24 - 2**-52, 2**-149, 2**-150,
                  2**-150 + 2**-190, 3 * 2**-150, 5e-324, 2**-126, 2**-126 - 2**-150, largest,
                  np.nextafter(largest + 2**103, 0), np.inf, -np.inf]),
        rng.standard_normal(500), rng.standard_normal(500) * 10.0 ** rng.integers(-44, 38, 500)])
    single = np.concatenate([np.array([0.0, -0.0, largest, 1e-45, np.inf]), rng.standard_normal(50)]).astype(np.float32)
    tensors = {
        "f32": ("float32", single, single),
        "f16": ("float16", half, half.view(np.float16).astype(np.float32)),
        "bf16": ("bfloat16", upper, (upper.astype(np.uint32) << 16).view(np.float32)),
        "f64": ("float64", double, double.astype(np.float32)),
        "matrix": ("float16", np.arange(6, dtype=np.float16).reshape(2, 3), np.arange(6, dtype=np.float32).reshape(2, 3)),
        "scalar": ("float64", np.array(0.1), np.array(0.1).astype(np.float32)),
        "empty": ("float32", np.zeros((0, 4), np.float32), np.zeros((0, 4), np.float32)),
    }
    flat = {"bn1.num_batches_tracked": torch.tensor(-7)}
    for name, (kind, raw, expected) in tensors.items():
        bits = raw.view(np.int16) if raw.dtype == np.uint16 else raw
        flat[name] = torch.from_numpy(bits.copy()).view(getattr(torch, kind))
        flat[name + "|F32"] = torch.from_numpy(expected.copy())
    (HERE / "library.safetensors").write_bytes(safetensors.torch.save(flat, VERSIONS))


def file(header, data=b""):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header)) + header + data


def tensor(shape="[1]", offsets="[0,4]", dtype='"F32"', extra=""):
    return '{"dtype":%s,"shape":%s,"data_offsets":%s%s}' % (dtype, shape, offsets, extra)


def hostile():
    one = '{"a":%s}'
    big = 2**64
    cases = {
        "nothing": b"",
        "seven bytes": b"\0" * 7,
        "header length 0": struct.pack("<Q", 0),
        "header length 0 before data": struct.pack("<Q", 0) + b"\0" * 16,
        "header longer than the file": struct.pack("<Q", 100) + b"{}",
        "header length above the limit": struct.pack("<Q", 100_000_001) + b"{}",
        "header length 2^63": struct.pack("<Q", 2**63) + b"{}",
        "header length 2^64-1": struct.pack("<Q", 2**64 - 1) + b"{}",
        "header is an array": file("[]"),
        "header is null": file("null"),
        "header is a text": file('"a"'),
        "header begins with a blank": file(" {}"),
        "header is not closed": file('{"a":' + tensor(), b"\0" * 4),
        "comma at the end": file('{"a":' + tensor() + ",}", b"\0" * 4),
        "garbage after the object": file(one % tensor() + "x", b"\0" * 4),
        "two objects": file("{}{}"),
        "arrays a thousand deep": file('{"a":' + "[" * 1000 + "]" * 1000 + "}"),
        "objects a thousand deep": file('{"a":' * 1000 + "{}" + "}" * 1000),
        "deep shape": file(one % tensor(shape="[" * 1000 + "]" * 1000), b"\0" * 4),
        "name is not UTF-8": file(b'{"\xff":' + tensor().encode() + b"}", b"\0" * 4),
        "name ends within a character": file(b'{"\xe2\x82":' + tensor().encode() + b"}", b"\0" * 4),
        "half a surrogate pair": file('{"\\ud800":' + tensor() + "}", b"\0" * 4),
        "control character in a name": file(b'{"a\x01":' + tensor().encode() + b"}", b"\0" * 4),
        "unknown escape": file('{"\\x":' + tensor() + "}", b"\0" * 4),
        "same name twice": file('{"a":%s,"a":%s}' % (tensor(), tensor(offsets="[4,8]")), b"\0" * 8),
        "shape missing": file('{"a":{"dtype":"F32","data_offsets":[0,4]}}', b"\0" * 4),
        "dtype missing": file('{"a":{"shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
        "offsets missing": file('{"a":{"dtype":"F32","shape":[1]}}', b"\0" * 4),
        "unknown dtype": file(one % tensor(dtype='"F33"'), b"\0" * 4),
        "dtype is a number": file(one % tensor(dtype="32"), b"\0" * 4),
        "one offset": file(one % tensor(offsets="[0]"), b"\0" * 4),
        "three offsets": file(one % tensor(offsets="[0,4,8]"), b"\0" * 4),
        "negative extent": file(one % tensor(shape="[-1]"), b"\0" * 4),
        "negative offset": file(one % tensor(offsets="[-4,0]"), b"\0" * 4),
        "fraction": file(one % tensor(shape="[1.5]"), b"\0" * 4),
        "whole number with a fraction": file(one % tensor(shape="[1.0]"), b"\0" * 4),
        "exponent": file(one % tensor(shape="[1e0]"), b"\0" * 4),
        "leading zero": file(one % tensor(shape="[01]"), b"\0" * 4),
        "number as a text": file(one % tensor(shape='["1"]'), b"\0" * 4),
        "extent of 2^64": file(one % tensor(shape="[%d]" % big), b"\0" * 4),
        "offset of 2^64": file(one % tensor(offsets="[0,%d]" % big), b"\0" * 4),
        "shape product overflows": file(one % tensor(shape="[4294967296,4294967296]", offsets="[0,0]")),
        "shape product overflows to the right size": file(one % tensor(shape="[4611686018427387905,4]"), b"\0" * 4),
        "byte count overflows": file(one % tensor(shape="[4611686018427387904]", offsets="[0,0]")),
        "overflow hidden behind a zero": file(one % tensor(shape="[4294967296,4294967296,0]", offsets="[0,0]")),
        "size does not fit the shape": file(one % tensor(shape="[2]"), b"\0" * 4),
        "size does not fit the dtype": file(one % tensor(dtype='"F64"'), b"\0" * 4),
        "offsets swapped": file(one % tensor(offsets="[4,0]"), b"\0" * 4),
        "data cut short": file(one % tensor(), b"\0" * 3),
        "bytes after the last tensor": file(one % tensor(), b"\0" * 5),
        "gap before the first tensor": file(one % tensor(offsets="[4,8]"), b"\0" * 8),
        "gap between tensors": file('{"a":%s,"b":%s}' % (tensor(), tensor(offsets="[8,12]")), b"\0" * 12),
        "two tensors in one place": file('{"a":%s,"b":%s}' % (tensor(), tensor()), b"\0" * 4),
        "tensors overlap": file('{"a":%s,"b":%s}' % (tensor("[2]", "[0,8]"), tensor("[2]", "[4,12]")), b"\0" * 12),
        "empty tensor inside another": file('{"a":%s,"b":%s}' % (tensor("[2]", "[0,8]"), tensor("[0]", "[4,4]")), b"\0" * 8),
        "metadata is an array": file('{"__metadata__":[]}'),
        "metadata is a text": file('{"__metadata__":"x"}'),
        "metadata holds a number": file('{"__metadata__":{"a":1}}'),
        "metadata holds an object": file('{"__metadata__":{"a":{}}}'),
        "metadata twice": file('{"__metadata__":{},"__metadata__":{}}'),
        # What follows is well formed, or the library is more lenient than Lectern.
        "no tensors": file("{}"),
        "blanks after the object": file("{}   "),
        "empty tensor between two": file(
            '{"a":%s,"z":%s,"b":%s}' % (tensor(), tensor("[0,3]", "[4,4]"), tensor(offsets="[4,8]")), b"\0" * 8),
        "escaped name": file('{"\\u0061\\n":' + tensor() + "}", b"\0" * 4),
        "unknown key": file(one % tensor(extra=',"layout":"c"'), b"\0" * 4),
        "empty name": file('{"":' + tensor() + "}", b"\0" * 4),
        "name of 4096 bytes": file('{"%s":%s}' % ("a" * 4096, tensor()), b"\0" * 4),
        "nine axes": file(one % tensor(shape="[1,1,1,1,1,1,1,1,1]"), b"\0" * 4),
        "bytes": file(one % tensor(dtype='"U8"', offsets="[0,1]"), b"\0"),
    }
    rows = []
    for name, content in cases.items():
        try:
            safetensors.deserialize(content)
            verdict = None
        except Exception as error:  # noqa: BLE001
            verdict = str(error)[:120]
        rows.append({"name": name, "file": base64.b64encode(content).decode(), "refused": verdict})
    (HERE / "hostile.json").write_text(json.dumps({"made_with": VERSIONS, "cases": rows}, indent=1) + "\n")


CONTENT = {"a": [[-1, 0.5], [3.25, 0]], "empty": [], "odd \"name\"\n": [5], "scalar": 9, "é": [2**-149, 1e30]}


def check():
    path = HERE / "lectern.safetensors"
    found = safetensors.numpy.load(path.read_bytes())
    assert set(found) == set(CONTENT), found.keys()
    for name, expected in CONTENT.items():
        assert found[name].dtype == np.float32 and np.array_equal(found[name], np.array(expected, np.float32)), name
    with safetensors.safe_open(path, "numpy") as opened:
        assert opened.metadata() == {"format": "pt", "note": "é\u0001\"\\"}, opened.metadata()


library()
hostile()
check()
