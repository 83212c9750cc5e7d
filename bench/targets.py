"""How surely a match job finds its target, by the number of target pictures, and how surely a wrong one is left out.

    python bench/targets.py PICTURES

PICTURES is a folder with one folder a person; of each picture the face nearest the middle counts. Every person with
enough pictures is a target, of whom 1, 2 or 3 pictures are drawn; mated are that person's others, non-mated everybody
else's.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from visavis.cli.evaluate import embed_pictures
from visavis.faces import mean_embedding
from visavis.faces.calibration import SFACE_SECOND_LOOK as CALIBRATION
from visavis.recognition.verification import odd_one_out
from visavis.settings import read_settings

DRAWS = 5  # for each person and number of pictures

# Two names whose pictures are this alike in the mean are taken for a wrong label.
SAME_PERSON = 0.6


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Error rates of match jobs by the number of target pictures.")
    parser.add_argument("folder", type=Path, help="one folder of pictures a person")
    options = parser.parse_args(arguments)
    paths = {str(path): path for path in sorted(options.folder.glob("*/*.jpg"))}
    if not paths:
        parser.error(f"{options.folder} has no folders of JPEG files")
    found = embed_pictures(paths, read_settings(), quiet=False)
    of_person: dict[str, list[np.ndarray]] = defaultdict(list)
    for name, each in found.items():
        if each.embedding is not None:
            of_person[paths[name].parent.name].append(each.embedding)
    people = {name: np.stack(own) for name, own in of_person.items()}
    random = np.random.default_rng(1)
    everybody = np.concatenate(list(people.values()))
    owners = np.concatenate([[name] * len(own) for name, own in people.items()])
    means = {name: mean_embedding(own) for name, own in people.items()}
    print(f"{len(everybody)} faces of {len(people)} people")
    for count in (1, 2, 3):
        measure(count, people, means, everybody, owners, random)
    leave_out(people, random)


def measure(
    count: int,
    people: dict[str, np.ndarray],
    means: dict[str, np.ndarray],
    everybody: np.ndarray,
    owners: np.ndarray,
    random: np.random.Generator,
) -> None:
    threshold = CALIBRATION.identification_threshold(count)  # as for a picture with one face
    # The same people for each number of pictures, and each counts once, however many pictures there are.
    found, mated, false, non_mated = [], 0, 0, 0
    for name, own in people.items():
        if len(own) < 4:
            continue
        # One person under two names, or one picture of two people under the wrong name: no non-mated pairs.
        twins = {other for other, mean in means.items() if other != name and mean @ means[name] >= SAME_PERSON}
        strangers = everybody[(owners != name) & ~np.isin(owners, list(twins))]
        shares = []
        for _ in range(DRAWS):
            order = random.permutation(len(own))
            template = mean_embedding(own[order[:count]])
            hits = own[order[3:]] @ template >= threshold
            shares.append(hits.mean())
            mated += len(hits)
            false += int((strangers @ template >= threshold).sum())
            non_mated += len(strangers)
        found.append(np.mean(shares))
    print(
        f"{count} target picture(s), threshold {threshold:.3f}: {np.mean(found):.4f} of mated pictures found "
        f"({len(found)} people, {mated} comparisons); {false} of {non_mated} non-mated ({false / non_mated:.1e})"
    )


def leave_out(people: dict[str, np.ndarray], random: np.random.Generator) -> None:
    enough = [name for name, own in people.items() if len(own) >= 3]
    names = list(people)
    noticed = right_lost = wrong_lost = 0
    trials = DRAWS * len(enough)
    for name in enough:
        for _ in range(DRAWS):
            own = people[name][random.permutation(len(people[name]))[:3]]
            right_lost += odd_one_out(own, CALIBRATION) is not None
            other = name
            while other == name:
                other = names[random.integers(len(names))]
            mixed = own.copy()
            place = int(random.integers(3))
            mixed[place] = people[other][random.integers(len(people[other]))]
            left_out = odd_one_out(mixed, CALIBRATION)
            noticed += left_out == place
            wrong_lost += left_out not in (None, place)
    print(
        f"one of three target pictures shows somebody else: left out in {noticed} of {trials}, "
        f"another one left out in {wrong_lost}; all three right: one left out in {right_lost} of {trials}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
