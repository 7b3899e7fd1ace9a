"""A code as a picture for the till: a QR code as SVG that stands in the page, without styles or scripts."""

from __future__ import annotations

import qrcode
from qrcode.constants import ERROR_CORRECT_M

SIDE = 208


def code_picture(code: str) -> str:
    made = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=2)
    made.add_data(code)
    made.make(fit=True)
    rows = made.get_matrix()
    dots = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    size = len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" viewBox="0 0 {size} {size}"'
        f' shape-rendering="crispEdges" aria-hidden="true"><path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>'
        f'<path fill="#000" d="{dots}"/></svg>'
    )
