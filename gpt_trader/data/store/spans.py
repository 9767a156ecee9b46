"""Spans of time as a set: which bars have been asked for, which have not."""

from collections.abc import Iterable

Span = tuple[int, int]
"""int64 ms UTC, start inclusive, end exclusive."""


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same time as sorted spans that neither touch nor overlap; empty ones vanish."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def missing(wanted: Span, have: Iterable[Span]) -> tuple[Span, ...]:
    """Return what of `wanted` no span of `have` holds, sorted."""
    at, end = wanted
    found: list[Span] = []
    for start, stop in merge(have):
        if start >= end:
            break
        if at < start:
            found.append((at, start))
        at = max(at, stop)
    return (*found, (at, end)) if at < end else tuple(found)


def clip(spans: Iterable[Span], within: Span) -> tuple[Span, ...]:
    """Return what of the spans lies within another, as `merged` does."""
    start, end = within
    return merge((max(first, start), min(last, end)) for first, last in spans)


def total_ms(spans: Iterable[Span]) -> int:
    """Return the time that spans hold, overlaps counted once."""
    return sum(end - start for start, end in merge(spans))
