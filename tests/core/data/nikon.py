"""Nikon files (ND2 3.0) as its program lays them out, of what is asked for only.

Written after the layout that github.com/tlambert03/nd2 reads: chunks with a name, values as "lite
variants", and a map of the chunks at the end.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x0ABECEDA
_SIGNATURE = b"ND2 FILE SIGNATURE CHUNK NAME01!"
_MAP_NAME = b"ND2 FILEMAP SIGNATURE NAME 0001!"
_MAP_END = b"ND2 CHUNK MAP SIGNATURE 0000001!"
# Pixels begin 4096 bytes after their chunk does: 16 of its head, its name, 8 of the time.
_FRAME_NAME_BYTES = 4096 - 16 - 8
_BOOL, _UINT32, _DOUBLE, _STRING, _LEVEL = 1, 3, 6, 8, 11
Z_STACK, POSITIONS = 4, 2
"""Numbers of the loops."""


def nd2(
    frames: Sequence[NDArray[np.generic]],
    channels: Mapping[str, str],
    loops: Sequence[tuple[int, int]] = (),
    pixel_size_um: float | None = None,
) -> bytes:
    """Return a file of frames (rows, columns, channels) or, of one channel, blue, green, red.

    `channels` are name -> `#RRGGBB`; `loops` are (number of the loop, length), the outer first.
    """
    rows, columns, components = frames[0].shape
    bits = frames[0].dtype.itemsize * 8
    about = {
        "uiWidth": columns,
        "uiWidthBytes": columns * components * bits // 8,
        "uiHeight": rows,
        "uiComp": components,
        "uiBpcInMemory": bits,
        "uiBpcSignificant": bits,
        "uiSequenceCount": len(frames),
        "eCompression": 2,
    }
    planes = {
        f"a{at}": {
            "uiCompCount": components // len(channels),
            "sDescription": name,
            "uiColor": int.from_bytes(bytes.fromhex(color[1:]), "little"),
            "pFluorescentProbe": {"sName": name},
        }
        for at, (name, color) in enumerate(channels.items())
    }
    seen = {
        "bCalibrated": pixel_size_um is not None,
        "dCalibration": pixel_size_um or 0.0,
        "sPicturePlanes": {"uiCount": len(channels), "sPlaneNew": planes},
    }
    chunks = {
        "ImageAttributesLV!": _level("SLxImageAttributes", about),
        "ImageMetadataSeqLV|0!": _level("SLxPictureMetadata", seen),
    }
    if loops:
        chunks["ImageMetadataLV!"] = _level("SLxExperiment", _experiment(loops))
    for number, frame in enumerate(frames):
        chunks[f"ImageDataSeq|{number}!"] = bytes(8) + np.ascontiguousarray(frame).tobytes()
    return _file(chunks)


def _file(chunks: Mapping[str, bytes]) -> bytes:
    data = _chunk(_SIGNATURE, b"Ver3.0".ljust(64, b"\0"))
    places = b""
    for name, content in chunks.items():
        places += name.encode() + struct.pack("<QQ", len(data), len(content))
        reserved = _FRAME_NAME_BYTES if name.startswith("ImageDataSeq") else len(name)
        data += _chunk(name.encode().ljust(reserved, b"\0"), content)
    return data + _chunk(_MAP_NAME, places + _MAP_END + struct.pack("<Q", len(data)))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<IIQ", _MAGIC, len(name), len(content)) + name + content


def _experiment(loops: Sequence[tuple[int, int]]) -> dict[str, Any]:
    (kind, count), *inner = loops
    about: dict[str, Any] = {"uiCount": count}
    if kind == Z_STACK:
        about |= {"dZStep": 1.0}
    else:
        about |= {"Points": [{"dPosX": float(at), "dPosY": 0.0} for at in range(count)]}
    below = {"ppNextLevelEx": [_experiment(inner)]} if inner else {}
    return {"eType": kind, "uLoopPars": about, **below}


def _level(name: str, values: dict[str, Any] | list[Any]) -> bytes:
    """Return a level with all below it; members of a list have no name."""
    named = values.items() if isinstance(values, dict) else [("", each) for each in values]
    items = [_item(key, value) for key, value in named]
    head, inside = _head(_LEVEL, name), b"".join(items)
    # The length counts from this item's beginning; where each member begins follows it.
    ends = struct.pack("<IQ", len(items), len(head) + 12 + len(inside))
    return head + ends + inside + bytes(8 * len(items))


def _item(name: str, value: Any) -> bytes:
    match value:
        case dict() | list():
            return _level(name, value)
        case bool():
            return _head(_BOOL, name) + struct.pack("<B", value)
        case int():
            return _head(_UINT32, name) + struct.pack("<I", value)
        case float():
            return _head(_DOUBLE, name) + struct.pack("<d", value)
        case _:
            return _head(_STRING, name) + f"{value}\0".encode("utf-16-le")


def _head(kind: int, name: str) -> bytes:
    return struct.pack("<BB", kind, len(name) + 1) + f"{name}\0".encode("utf-16-le")
