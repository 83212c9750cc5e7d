"""What is particular to one kind of job, behind one shape; adding a kind is a module, and a line in the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic

from visavis.jobs.pictures import Analysis, Face, Outcome
from visavis.records import Job
from visavis.store.database import Transaction


class Kind(ABC, Generic[Face]):
    """How pictures of a kind of job are analysed, and what comes of it."""

    analysis: Analysis[Face]

    @abstractmethod
    async def keep(self, db: Transaction, job: Job, outcomes: Sequence[Outcome[Face]]) -> None:
        """Keep what was found in pictures that have just ended well, in the transaction that ends them."""

    async def decide(self, db: Transaction, job: Job) -> None:
        """All pictures have ended: say what follows from them together, in the transaction that ends the job."""


KindOf = Callable[[Job], Kind[Any]]
