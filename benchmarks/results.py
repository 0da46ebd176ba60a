"""The results of all rounds: medians, spread, and ratios within a round."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Turn:
    """One system at one job in one round."""

    job: str
    system: str
    round: int
    cpu: float  # microseconds of the server for each request
    database_cpu: float  # and of PostgreSQL
    per_second: float
    p50: float  # milliseconds
    p99: float
    memory: float = 0  # bytes of all processes of the server, where it was measured

    @property
    def both(self) -> float:
        return self.cpu + self.database_cpu


@dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float


def spread(values: list[float]) -> Spread:
    return Spread(median(values), min(values), max(values))


@dataclass
class Results:
    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    statements: dict[str, list[tuple[str, float]]] = field(default_factory=dict)  # of a bearer check, by system

    def of(self, job: str, system: str, what: str) -> list[float]:
        """One value for each round, in their order."""
        turns = [turn for turn in self.turns if (turn.job, turn.system) == (job, system)]
        return [getattr(turn, what) for turn in sorted(turns, key=lambda turn: turn.round)]

    def ratio(self, job: str, system: str, to: str = "latchkey", what: str = "both") -> Spread | None:
        """The value of `system` divided by that of `to`, within each round; then the spread over the rounds."""
        pairs = self.pairs(job, system, to, what)
        return spread([own / other for own, other in pairs]) if pairs else None

    def pairs(self, job: str, system: str, to: str, what: str) -> list[tuple[float, float]]:
        """The values of both in each round."""
        return list(zip(self.of(job, system, what), self.of(job, to, what), strict=False))

    def systems(self, job: str) -> list[str]:
        """The systems that took part, in the order of their first turns."""
        return list(dict.fromkeys(turn.system for turn in self.turns if turn.job == job))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "Results":
        return cls(**said | {"turns": [Turn(**turn) for turn in said["turns"]]})
