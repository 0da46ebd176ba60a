"""From what growth has seen to docs/growth.md."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .report import spelled, table
from .results import Results, Spread, spread

REMARKS = Path(__file__).with_name("growth_remarks.md")
VENDORS = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
JOBS = {
    "bearer": ("Bearer check", "`GET` of the person behind a token, over 8 connections that stay open."),
    "touch": (
        "The first check in five minutes",
        "The same one after another, of sessions that were not used for long: it notes that they are.",
    ),
    "login": ("Login", "One after another, with Argon2id of 3 passes over 64 MiB in 4 lanes."),
    "list": ("List of one's sessions", "One after another, of five."),
    "end": ("End a session", "One after another: another one of the same person's, by its handle."),
}
HEADS = ["sessions", "CPU for each, µs", "of the database, µs", "both, to the first", "a second", "p50, ms", "p99, ms"]
PURGE_HEADS = ["sessions", "ended", "in, s", "rows a second", "p99 of checks, idle, ms", "beside, ms", "ratio"]
INDEXES = {
    "pkey": "index of handles",
    "digest": "index of digests",
    "user_id": "index of people",
    "expires_at": "index of ends",
    "autoindex_sessions_api_session_1": "index of handles",
    "autoindex_sessions_api_session_2": "index of digests",
}


@dataclass
class Grown(Results):
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)  # bytes, by database and by what takes them
    widths: dict[str, int] = field(default_factory=dict)  # bytes in a row, by column

    def first(self, name: str) -> str:
        """The smallest database of the same kind."""
        return next(one for one in self.sizes if vendor(one) == vendor(name))

    def to_first(self, job: str, name: str, what: str = "both") -> Spread | None:
        return self.ratio(job, name, self.first(name), what)

    def beside(self, name: str) -> Spread | None:
        """How many times the p99 of checks alone it is beside a purge."""
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
        (f"p99 of checks beside a purge, to idle, with {many}", results.beside(largest), 2),
    ]
    rows = [
        [what, f"at most {bound:g}", told(found), yes(found.median <= bound)] for what, found, bound in wanted if found
    ]
    if rates:
        rate, what = spread(rates), f"purged a second, with {many}"
        rows.append([what, "at least 50,000", told(rate, "{:,.0f}"), yes(rate.median >= 50_000)])
    yield "## What we want, and what it is\n"
    yield "On PostgreSQL. Ratios are taken within a round; the median of the rounds, the least and the most.\n"
    yield table(["", "wanted", "found", "met"], rows)


def yes(met: bool) -> str:
    return "yes" if met else "**no**"


def told(found: Spread, form: str = "{:.2f}") -> str:
    return f"{form.format(found.median)} ({form.format(found.least)}–{form.format(found.most)})"


def jobs(results: Grown) -> Iterator[str]:
    for job, (heading, about) in JOBS.items():
        if names := results.systems(job):
            yield f"## {heading}\n"
            yield f"{about}\n"
            yield table(HEADS, [[title(name), *row(results, job, name)] for name in names])


def row(results: Grown, job: str, name: str) -> Iterator[str]:
    def values(what: str, form: str) -> str:
        return spelled(results.of(job, name, what), form=form)

    yield values("cpu", "{:.0f}")
    yield values("database_cpu", "{:.0f}") if vendor(name) == "postgresql" else "in the server"
    ratio = results.to_first(job, name)
    yield f"**{ratio.median:.2f}** ({ratio.least:.2f}–{ratio.most:.2f})" if ratio else ""
    yield from (values("per_second", "{:,.0f}"), values("p50", "{:.1f}"), values("p99", "{:.1f}"))


def purges(results: Grown) -> Iterator[str]:
    if names := results.systems("purge"):
        yield "## Purge\n"
        yield (
            f"`manage.py purge_sessions` from its start to its end, beside {results.options['pace']} checks a second "
            "on ten connections; before that, the same checks alone.\n"
        )
        yield table(PURGE_HEADS, [[title(name), *purge(results, name)] for name in names])


def purge(results: Grown, name: str) -> Iterator[str]:
    purged = results.options["purged"][name]
    yield f"{purged:,}"
    yield spelled([purged / rate for rate in results.of("purge", name, "per_second")], form="{:.1f}")
    yield spelled(results.of("purge", name, "per_second"), form="{:,.0f}")
    yield spelled(results.of("idle", name, "p99"), form="{:.1f}")
    yield spelled(results.of("purge", name, "p99"), form="{:.1f}")
    ratio = results.beside(name)
    yield told(ratio) if ratio else ""


def sizes(results: Grown) -> Iterator[str]:
    yield "## Size\n"
    yield "On disk, bytes for each session, with indexes that have grown row by row.\n"
    kinds: list[str] = []
    by_database = {name: by_kind(parts) for name, parts in results.sizes.items()}
    for parts in by_database.values():
        kinds += [kind for kind in parts if kind not in kinds]
    lines = []
    for name, parts in by_database.items():
        each = [f"{parts[kind] / number(name):.0f}" if kind in parts else "" for kind in kinds]
        whole = sum(parts.values())
        lines.append([title(name), *each, f"**{whole / number(name):.0f}**", f"{whole / 1024**2:,.0f} MiB"])
    yield table(["sessions", *kinds, "all", "in all"], lines)
    if results.widths:
        yield "What is in a row, in bytes on average, by PostgreSQL's statistics; each row has 28 more around it.\n"
        yield table(["column", "bytes"], [[f"`{name}`", str(width)] for name, width in results.widths.items()])


def by_kind(parts: dict[str, int]) -> dict[str, int]:
    """Indexes by what they are of; their names are Django's."""

    def kind(name: str) -> str:
        return next((said for part, said in INDEXES.items() if part in name), name)

    whole: dict[str, int] = {}
    for name, size in parts.items():
        whole[kind(name)] = whole.get(kind(name), 0) + size
    return dict(sorted(whole.items(), key=lambda one: (one[0] != "the rows", one[0])))


def conditions(results: Grown) -> Iterator[str]:
    machine, options = results.machine, results.options
    yield "## Where and when\n"
    yield f"- {machine['date']}, commit {machine['commit']}, by `{options['command']}`"
    yield f"- {machine['processor']}, {machine['memory']}, Linux {machine['kernel']}, cores: {machine['cores']}"
    yield f"- {options['rounds']} rounds of {options['seconds']:g} s"
    yield f"- Python {machine['python']}, " + ", ".join(f"{name} {number}" for name, number in results.versions.items())
    yield ""
