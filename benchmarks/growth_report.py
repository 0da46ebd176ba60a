"""Writes docs/growth.md from the results of growth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .report import spelled, table, told, yes
from .results import Results, Spread, spread

REMARKS = Path(__file__).with_name("growth_remarks.md")
VENDORS = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
JOBS = {
    "bearer": "bearer check",
    "touch": "check that writes",
    "list": "list of sessions",
    "revoke": "revoke a session",
}
PURGE_HEADS = ["sessions", "expired", "in, s", "rows a second", "p99 of checks alone, ms", "beside, ms", "ratio"]
INDEXES = {
    "pkey": "index of ids",
    "digest": "of digests",
    "user_id": "of users",
    "expires_at": "of expiry times",
    "autoindex_sessions_api_session_1": "index of ids",
    "autoindex_sessions_api_session_2": "of digests",
}


@dataclass
class Grown(Results):
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)  # bytes, by database and by row or index

    def first(self, name: str) -> str:
        """The smallest database of the same vendor."""
        return next(one for one in self.sizes if vendor(one) == vendor(name))

    def to_first(self, job: str, name: str, what: str = "both") -> Spread | None:
        return self.ratio(job, name, self.first(name), what)

    def beside(self, name: str) -> Spread | None:
        """The p99 of checks beside a purge, divided by that of checks alone."""
        pairs = list(zip(self.of("purge", name, "p99"), self.of("idle", name, "p99"), strict=True))
        return spread([beside / alone for beside, alone in pairs]) if pairs else None


def vendor(name: str) -> str:
    return name.partition("-")[0]


def number(name: str) -> int:
    return int(name.partition("-")[2])


def title(name: str) -> str:
    return f"{VENDORS[vendor(name)]}, {number(name):,}"


def write(results: Grown, docs: Path) -> None:
    (docs / "growth.md").write_text(document(results))


def document(results: Grown) -> str:
    before, after = REMARKS.read_text().split("<!-- tables -->\n")
    return "\n".join([before, tables(results), after, *conditions(results)])


def tables(results: Grown) -> str:
    return "\n".join([*targets(results), *jobs(results), *purges(results), *sizes(results)])


def targets(results: Grown) -> Iterator[str]:
    largest = max((name for name in results.sizes if vendor(name) == "postgresql"), key=number, default=None)
    if largest is None:
        return
    many, few = f"{number(largest):,}", f"{number(results.first(largest)):,}"
    rates = results.of("purge", largest, "per_second")
    wanted = [
        (f"CPU of a check with {many} sessions, to {few}", results.to_first("bearer", largest), 1.2),
        ("the same, its p50", results.to_first("bearer", largest, "p50"), 1.2),
        (f"p99 of checks beside a purge, to checks alone, with {many}", results.beside(largest), 2),
    ]
    rows = [
        [what, f"at most {bound:g}", told(found), yes(found.median <= bound)] for what, found, bound in wanted if found
    ]
    if rates:
        rate, what = spread(rates), f"purged a second, with {many}"
        rows.append([what, "at least 50,000", told(rate, "{:,.0f}"), yes(rate.median >= 50_000)])
    yield "## Targets\n"
    yield "On PostgreSQL. Each ratio is taken within a round.\n"
    yield table(["", "wanted", "found", "met"], rows)


def jobs(results: Grown) -> Iterator[str]:
    for one, title in VENDORS.items():
        if names := ends([name for name in results.sizes if vendor(name) == one]):
            of_database = [f"of {title}, µs"] if one == "postgresql" else []
            yield f"## Requests on {title}\n"
            yield table(
                ["request", "sessions", "CPU, µs", *of_database, "to the first", "p99, ms"],
                [
                    [request, f"{number(name):,}", *row(results, job, name)]
                    for job, request in JOBS.items()
                    for name in names
                    if name in results.systems(job)
                ],
            )


def ends(names: list[str]) -> list[str]:
    """The first and the last, or the only one."""
    return names[:1] + names[1:][-1:]


def row(results: Grown, job: str, name: str) -> Iterator[str]:
    yield spelled(results.of(job, name, "cpu"))
    if vendor(name) == "postgresql":
        yield spelled(results.of(job, name, "database_cpu"))
    ratio = results.to_first(job, name)
    yield "1" if name == results.first(name) else told(ratio) if ratio else ""
    yield f"{median(results.of(job, name, 'p99')):.1f}"


def purges(results: Grown) -> Iterator[str]:
    if names := results.systems("purge"):
        yield "## Purge\n"
        pace = results.options["pace"]
        yield f"`manage.py purge_sessions`, with its start, beside {pace} checks a second, which first run alone.\n"
        yield table(PURGE_HEADS, [[title(name), *purge(results, name)] for name in names])


def purge(results: Grown, name: str) -> Iterator[str]:
    purged = results.options["purged"][name]
    yield f"{purged:,}"
    yield f"{median(purged / rate for rate in results.of('purge', name, 'per_second')):.1f}"
    yield spelled(results.of("purge", name, "per_second"))
    yield f"{median(results.of('idle', name, 'p99')):.1f}"
    yield f"{median(results.of('purge', name, 'p99')):.1f}"
    ratio = results.beside(name)
    yield told(ratio) if ratio else ""


def sizes(results: Grown) -> Iterator[str]:
    yield "## Size\n"
    yield "Bytes of disk for each session: its row, and its share of each index.\n"
    largest = {vendor(name): name for name in sorted(results.sizes, key=number)}
    by_database = {name: by_kind(results.sizes[name]) for name in largest.values()}
    kinds = list(dict.fromkeys(kind for parts in by_database.values() for kind in parts))
    lines = [
        [
            title(name),
            *(f"{parts[kind] / number(name):.0f}" if kind in parts else "" for kind in kinds),
            f"{sum(parts.values()) / number(name):.0f}",
        ]
        for name, parts in by_database.items()
    ]
    yield table(["sessions", *kinds, "all"], lines)


def by_kind(parts: dict[str, int]) -> dict[str, int]:
    """The parts under readable names, since Django names the indexes. The row comes first."""

    def kind(name: str) -> str:
        return next((said for part, said in INDEXES.items() if part in name), name)

    whole: dict[str, int] = {}
    for name, size in parts.items():
        whole[kind(name)] = whole.get(kind(name), 0) + size
    return dict(sorted(whole.items(), key=lambda one: (one[0] != "row", one[0] != "index of ids", one[0])))


def conditions(results: Grown) -> Iterator[str]:
    machine, options = results.machine, results.options
    yield "## Where and when\n"
    yield f"- {machine['date']}, commit {machine['commit']}, by `{options['command']}`"
    yield f"- {machine['processor']}, {machine['memory']}, Linux {machine['kernel']}, cores: {machine['cores']}"
    yield f"- {options['rounds']} rounds of {options['seconds']:g} s"
    yield f"- Python {machine['python']}, " + ", ".join(f"{name} {number}" for name, number in results.versions.items())
    yield ""
