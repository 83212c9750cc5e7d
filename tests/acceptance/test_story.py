"""The main story over HTTP: pictures in, groups, a name, the name comes back."""

from __future__ import annotations

from support.client import Client, blob
from visavis import samples


def test_a_named_person_is_recognised_and_a_stranger_stays_unknown(ada: Client) -> None:
    eileen, grace, luis = samples.PEOPLE
    batch = [blob(view.jpeg, name) for name in (eileen, grace) for view in samples.views(name, 3, side_px=256)]
    first = ada.recognize("office", batch, customId="first")
    assert first["status"] == "COMPLETED_SUCCESSFULLY"
    assert [len(image["objects"]) for image in first["images"]] == [1] * 6

    groups = ada.groups("office")
    people = [{face["customId"] for face in group["images"]} for group in groups]
    assert len(groups) == 2
    assert {eileen} in people
    assert {grace} in people

    of_grace = next(group for group in groups if group["images"][0]["customId"] == grace)
    identity = ada.create_identity("office", [face["id"] for face in of_grace["images"]], customId="grace")

    second = ada.recognize(
        "office",
        [blob(view.jpeg, name) for name in (grace, luis) for view in samples.views(name, 1, seed=7, side_px=320)],
    )
    [[seen_grace], [seen_luis]] = [image["objects"] for image in second["images"]]
    assert seen_grace["identityId"] == identity["id"]
    assert seen_grace["confidence"] > 0.5
    assert "identityId" not in seen_luis
