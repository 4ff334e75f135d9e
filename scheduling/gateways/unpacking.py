"""Unpacking an answer that came packed although nobody asked for it. Pure: bytes in, bytes out."""

import zlib

_GZIP_MAGIC = b"\x1f\x8b\x08"
_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15  # window bits: what zlib expects around the data
_WAYS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW_DEFLATE)}
MOST_LAYERS = 3
MOST_STREAMS = 100  # one after the other in a body


class TooLarge(Exception):
    """What is inside is longer than allowed. No more than that was unpacked."""


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """A body without its `Content-Encoding` gzip or deflate, several of them included.

    A body in gzip that the header does not name is unpacked too. One that cannot be unpacked (another
    encoding, a cut or broken stream, a header beside a plain body) is given back as it is. Raises
    `TooLarge` where more than `most` bytes would come out.
    """
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if not names and body.startswith(_GZIP_MAGIC):
        names = ["gzip"]
    if len(names) > MOST_LAYERS:
        return body
    inner = body
    for name in reversed(names):
        found = next(
            (out for way in _WAYS.get(name, ()) if (out := _inflated(inner, way, most)) is not None), None
        )
        if found is None:
            return body
        inner = found
    return inner


def _inflated(body: bytes, window: int, most: int) -> bytes | None:
    """What is inside a whole stream, or a few in a row as gzip allows; None where it is not one."""
    out = b""
    for _ in range(MOST_STREAMS):
        stream = zlib.decompressobj(window)
        try:
            # One byte more than allowed at most: nothing is left for `flush` unless all fits.
            out += stream.decompress(body, most + 1 - len(out))
            if len(out) <= most:
                out += stream.flush()
        except zlib.error:
            return None
        if len(out) > most:
            raise TooLarge
        if not stream.eof:
            return None
        body = stream.unused_data
        if window != _GZIP or not body.startswith(_GZIP_MAGIC):
            return out
    return None
