"""Long work of a command, shown while the operator waits."""

from collections.abc import Iterator

from tqdm import tqdm


def with_progress(batches: Iterator[int], total: int, unit: str) -> int:
    """The sum of these numbers, with a progress bar on a terminal."""
    done = 0
    with tqdm(total=total, unit=unit, disable=None) as progress:  # None: only on a terminal
        for number in batches:
            done += number
            progress.update(number)
    return done
