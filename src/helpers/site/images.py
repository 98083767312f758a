"""Images as files that are light to load: the same picture in as many colours as it needs."""

from __future__ import annotations

import io

from PIL import Image

COLOURS = 24  # figures are flat colours and the grey edges of letters; more than this nobody sees


def smaller_png(data: bytes) -> bytes:
    """Return a PNG with a palette when that is smaller, otherwise the image as it is.

    The same image gives the same bytes: nothing about the time or the machine is written into it.
    """
    try:
        picture = Image.open(io.BytesIO(data)).convert("RGB")
    except OSError:
        return data
    stream = io.BytesIO()
    flat = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    flat.save(stream, format="PNG", optimize=True)
    return min(data, stream.getvalue(), key=len)
