"""The contact sheet: one row for each group, with the face found in each picture."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from visavis.cli.demo.client import Json
from visavis.cli.demo.story import Album, Portfolio

_THUMBNAIL_PX = 190
_GAP_PX = 14
_MARGIN_PX = 32
_HEADING_PX = 46
_TITLE_PX = 96

_PAPER = "#fbfaf7"
_INK = "#22201c"
_FAINT = "#8a857b"
_KNOWN = "#1a8f5a"
_UNKNOWN = "#d9822b"


def draw_contact_sheet(album: Album, path: Path) -> None:
    """Draw an album as a PNG."""
    rows = len(album.portfolios) + 1
    columns = max(len(album.without_faces), *(len(each.pictures) for each in album.portfolios))
    width = 2 * _MARGIN_PX + columns * (_THUMBNAIL_PX + _GAP_PX) - _GAP_PX
    row_px = _HEADING_PX + _THUMBNAIL_PX + _GAP_PX
    sheet = Image.new("RGB", (width, _TITLE_PX + rows * row_px + _MARGIN_PX), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN_PX, 26), "Visavis: who is who", fill=_INK, font=ImageFont.load_default(30))
    legend = "green: a person with a name;  orange: unknown to the server, but grouped with others of the same face"
    draw.text((_MARGIN_PX, 66), legend, fill=_FAINT, font=ImageFont.load_default(14))
    top = _TITLE_PX
    for portfolio in album.portfolios:
        _draw_portfolio(sheet, portfolio, top)
        top += row_px
    _draw_heading(draw, top, "no face found", f"{len(album.without_faces)} pictures", _FAINT)
    for column, data in enumerate(album.without_faces):
        sheet.paste(_thumbnail(data, None, _FAINT), (_left(column), top + _HEADING_PX))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, format="PNG")


def _draw_portfolio(sheet: Image.Image, portfolio: Portfolio, top: int) -> None:
    colour = _KNOWN if portfolio.name else _UNKNOWN
    _draw_heading(ImageDraw.Draw(sheet), top, portfolio.name or "unknown", portfolio.title, colour)
    for column, (data, face) in enumerate(portfolio.pictures):
        sheet.paste(_thumbnail(data, face["boundingBox"], colour), (_left(column), top + _HEADING_PX))


def _draw_heading(draw: ImageDraw.ImageDraw, top: int, name: str, detail: str, colour: str) -> None:
    font = ImageFont.load_default(20)
    draw.text((_MARGIN_PX, top + 14), name, fill=colour, font=font)
    after = _MARGIN_PX + draw.textlength(name, font=font) + 14
    draw.text((after, top + 20), detail, fill=_FAINT, font=ImageFont.load_default(14))


def _thumbnail(data: bytes, box: Json | None, colour: str) -> Image.Image:
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    scale = _THUMBNAIL_PX / max(picture.size)
    size = round(picture.width * scale), round(picture.height * scale)
    tile = Image.new("RGB", (_THUMBNAIL_PX, _THUMBNAIL_PX), "#eeece6")
    corner = (_THUMBNAIL_PX - size[0]) // 2, (_THUMBNAIL_PX - size[1]) // 2
    tile.paste(picture.resize(size, Image.Resampling.LANCZOS), corner)
    if box is not None:
        edges = (
            corner[0] + box["xMin"] * size[0],
            corner[1] + box["yMin"] * size[1],
            corner[0] + box["xMax"] * size[0],
            corner[1] + box["yMax"] * size[1],
        )
        ImageDraw.Draw(tile).rectangle(edges, outline=colour, width=3)
    return tile


def _left(column: int) -> int:
    return _MARGIN_PX + column * (_THUMBNAIL_PX + _GAP_PX)
