"""The two editions of the photo match: the same thing under different names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition.

    Attributes:
        name: as it is kept with the job.
        path: of its requests, below ``/idv/api`` or ``/api``.
        subject_field: of the photo that is to be verified.
        target_field: of the photo that it is compared with.
        target_may_be_crowded: the latter is an identity card, which may carry a small second portrait.
    """

    name: str
    path: str
    subject_field: str
    target_field: str
    target_may_be_crowded: bool


OLDER: Final = Edition("photomatches", "/photomatches", "SourceImage", "TargetImage", target_may_be_crowded=False)
NEWER: Final = Edition("biometrics", "/biometrics/photomatch", "selfie", "idFrontPhoto", target_may_be_crowded=True)
BY_NAME: Final = {edition.name: edition for edition in (OLDER, NEWER)}
