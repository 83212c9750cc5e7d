"""Why a picture did not count, in words for an operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from visavis.records import LeftOut

LEFT_OUT: Final[Mapping[LeftOut, str]] = {
    LeftOut.NOT_FETCHED: "it could not be fetched",
    LeftOut.NOT_READABLE: "it is no readable picture",
    LeftOut.NOT_PROCESSED: "it could not be processed",
    LeftOut.NO_FACE: "it shows no face",
    LeftOut.SEVERAL_FACES: "it shows more than one face of like size",
    LeftOut.BLURRED: "it is too blurred",
    LeftOut.SOMEBODY_ELSE: "it shows somebody else than the other pictures of the target",
    LeftOut.OTHER_MODEL: "its faces were described by another model",
}
