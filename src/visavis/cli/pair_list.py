"""Labelled pairs of pictures: the table that ``visavis evaluate`` reads, and the files that it names."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from visavis.errors import InvalidRequest

HEADER = ["fold", "same", "image_a", "image_b"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the table."""

    fold: int
    is_mated: bool
    image_a: str
    image_b: str


def read_pairs(path: Path) -> list[Pair]:
    """The rows of the table, at least one of each kind in at least two folds.

    Raises:
        InvalidRequest: the table is not as it should be; the message says where and how.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path} is not UTF-8 text.") from error
    rows = csv.reader(text.splitlines())
    header = [name.strip() for name in next(rows, [])]
    if header != HEADER:
        raise InvalidRequest(f"{path} must begin with the line {','.join(HEADER)}, not with {','.join(header)!r}.")
    pairs = [_pair(row, f"{path}, line {rows.line_num}") for row in rows if row]
    if not pairs:
        raise InvalidRequest(f"{path} has no rows under its header.")
    if len({pair.is_mated for pair in pairs}) < 2:
        raise InvalidRequest(f"{path} needs pairs of one person (same = 1) and of two (same = 0); one kind is missing.")
    folds = sorted({pair.fold for pair in pairs})
    if len(folds) < 2:
        raise InvalidRequest(f"{path} has one fold only; accuracy needs at least two, and ten are usual.")
    for fold in folds:
        if len({pair.is_mated for pair in pairs if pair.fold != fold}) < 2:
            raise InvalidRequest(
                f"{path}: without fold {fold} the other folds lack one kind of pair, so no threshold can be "
                f"chosen for it. {len(pairs)} rows are too few for these folds, or badly spread over them."
            )
    return pairs


def _pair(row: list[str], where: str) -> Pair:
    if len(row) != len(HEADER):
        raise InvalidRequest(f"{where}: has {len(row)} fields instead of {len(HEADER)}.")
    fold, same, image_a, image_b = (field.strip() for field in row)
    if not fold.isdecimal():
        raise InvalidRequest(f"{where}: fold is a number, not {fold!r}.")
    if same not in ("0", "1"):
        raise InvalidRequest(f"{where}: same is 1 or 0, not {same!r}.")
    return Pair(int(fold), same == "1", image_a, image_b)


def find_pictures(folder: Path, pairs: Sequence[Pair]) -> dict[str, Path]:
    """Where each picture of the table lies: under the folder, or under its subfolder ``images``.

    Raises:
        InvalidRequest: the folder, or a picture, is not there.
    """
    if not folder.is_dir():
        raise InvalidRequest(f"There is no folder {folder}.")
    names = sorted({name for pair in pairs for name in (pair.image_a, pair.image_b)})
    places = {name: [folder / name, folder / "images" / name] for name in names}
    paths = {name: next((path for path in places[name] if path.is_file()), None) for name in names}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise InvalidRequest(
            f"{len(missing)} of {len(names)} pictures are neither in {folder} nor in {folder / 'images'}, "
            f"the first of them {missing[0]}. Paths in the table are relative to DIR."
        )
    return {name: path for name, path in paths.items() if path is not None}
