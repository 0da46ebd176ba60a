"""A progress bar for commands that take long."""

from collections.abc import Iterator

from tqdm import tqdm


def with_progress(batches: Iterator[int], total: int, unit: str) -> int:
    """The sum of `batches`, with a progress bar up to `total` while they are computed. Draws on a terminal only."""
    done = 0
    with tqdm(total=total, unit=unit, disable=None) as progress:  # None: enabled on a terminal only
        for number in batches:
            done += number
            progress.update(number)
    return done
