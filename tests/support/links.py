"""Signed addresses, tampered with."""

from __future__ import annotations

from collections.abc import Iterator


def tampered(url: str, *, step: int = 1) -> Iterator[str]:
    """The address with one sign of its resource, its end or its signature changed, every ``step`` signs."""
    start = url.index("/", url.index("/media/") + len("/media/")) + 1
    signs = [
        place
        for place in range(start, len(url) - 1)  # of the last sign, some bits stand for nothing
        if url[place] not in "/?&=" and not _in_name(url, place)
    ]
    for place in signs[::step]:
        yield f"{url[:place]}{'1' if url[place] != '1' else '2'}{url[place + 1 :]}"


def forged(url: str) -> Iterator[str]:
    """The address with its parts left out, exchanged or made up."""
    path, _, query = url.partition("?")
    expires, _, signature = query.partition("&")
    moment = int(expires.partition("=")[2])
    yield path
    yield f"{path}?{expires}"
    yield f"{path}?{signature}"
    yield f"{path}?{expires}&signature="
    yield f"{path}?{expires}&signature=%FF"
    yield f"{path}?expires=&{signature}"
    yield f"{path}?expires={moment + 3600}&{signature}"
    yield f"{path}?expires={moment:011d}&{signature}"
    yield f"{path}?expires=+{moment}&{signature}"
    yield f"{path}?expires=never&{signature}"


def _in_name(url: str, place: int) -> bool:
    """Whether a sign belongs to the name of a parameter, and not to its value."""
    question = url.index("?")
    if place < question:
        return False
    begin = max(url.rfind("&", 0, place), question)
    return "=" not in url[begin:place]
