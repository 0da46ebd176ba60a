"""From results to docs/benchmarks.md and its picture."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from .results import Results, Spread, spread
from .systems import BY_NAME

REMARKS = Path(__file__).with_name("remarks.md")
PICTURE = "images/bearer.svg"
BASE = "latchkey"
TITLES = {name: system.title for name, system in BY_NAME.items()} | {"argon2": "one Argon2 verify alone"}
JOBS = {
    "bearer": "Bearer check",
    "crowd": "Bearer check, 200 connections at once",
    "login": "Login",
    "list": "List of 50 sessions",
    "start": "Start-up",
}
ABOUT = {
    "bearer": "`GET` of the person behind a token, over 8 connections that stay open; a thousand people in turn.",
    "crowd": "The same over 200 connections.",
    "login": "One after another, a thousand people in turn, all with the same Argon2id parameters "
    "(3 passes over 64 MiB, 4 lanes).",
    "list": "One after another. Systems without such a list are not here.",
    "start": "From the start of the process to the first person that it tells.",
}


@dataclass(frozen=True)
class Target:
    """`much` of `what` is bound from above or below: in CPU per request, within a round."""

    what: str
    job: str
    system: str
    to: str
    bound: float
    at_most: bool

    def met_by(self, ratio: Spread) -> bool:
        return ratio.median <= self.bound if self.at_most else ratio.median >= self.bound

    @property
    def said(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.bound:g}"


TARGETS = (
    Target("a bearer check, to one raw `SELECT`", "bearer", BASE, "ninja-select", 1.15, at_most=True),
    Target("a login, to one Argon2 verify alone", "login", BASE, "argon2", 1.10, at_most=True),
    Target("FastAPI + SQLAlchemy, to ours", "bearer", "reference", BASE, 2.8, at_most=False),
    Target("django-rest-knox, to ours", "bearer", "knox", BASE, 2.6, at_most=False),
    Target("django-allauth headless, to ours", "bearer", "allauth", BASE, 6, at_most=False),
)


def write(results: Results, docs: Path) -> None:
    picture = docs / PICTURE
    picture.parent.mkdir(exist_ok=True)
    (docs / "benchmarks.md").write_text(document(results))
    picture.write_text(bars(results))


def document(results: Results) -> str:
    remarks = REMARKS.read_text().split("<!-- tables -->\n")
    parts = [*remarks[:1], f"![CPU per bearer check]({PICTURE})\n", tables(results), *remarks[1:]]
    return "\n".join([*parts, *systems(results), *conditions(results)])


def tables(results: Results) -> str:
    parts = list(targets(results))
    for job, title in JOBS.items():
        if names := results.systems(job):
            rows = [[TITLES[name], *row(results, job, name)] for name in names]
            parts += [f"## {title}\n", f"{ABOUT[job]}\n", table(HEADS["start" if job == "start" else "load"], rows)]
    if results.memory:
        rows = [[title_of_server(name), f"{size / 1024**2:.0f} MiB"] for name, size in results.memory.items()]
        parts += ["## Memory\n", "Of one worker after all of the load (proportional set size).\n"]
        parts.append(table(["", "memory"], rows))
    if results.imports:
        parts += ["## Imports\n", "What the ten dearest packages take of Latchkey's start, each by itself.\n"]
        rows = [[f"`{name}`", f"{spent:.0f} ms"] for name, spent in results.imports[:10]]
        rows.append(["all", f"{sum(spent for _, spent in results.imports):.0f} ms"])
        parts.append(table(["package", "takes"], rows))
    return "\n".join(parts)


HEADS = {
    "load": ["", "CPU for each, µs", "to ours", "of PostgreSQL, µs", "a second", "p50, ms", "p99, ms"],
    "start": ["", "CPU, ms", "to ours", "time, ms"],
}


def row(results: Results, job: str, name: str) -> Iterator[str]:
    def values(what: str, scale: float = 1, form: str = "{:.0f}") -> str:
        return spelled(results.of(job, name, what), scale, form)

    ratio = results.ratio(job, name, BASE)
    times = f"**{ratio.median:.2f}** ({ratio.least:.2f}–{ratio.most:.2f})" if ratio else ""
    if job == "start":
        yield from (values("cpu", 1e-3), times, values("p50"))
        return
    yield from (values("cpu"), times, values("database_cpu"), values("per_second", form="{:,.0f}"))
    yield from (values("p50", form="{:.1f}"), values("p99", form="{:.1f}"))


def spelled(values: list[float], scale: float = 1, form: str = "{:.0f}") -> str:
    """The median, and the least and the most in brackets."""
    seen = spread([value * scale for value in values])
    return f"{form.format(seen.median)} ({form.format(seen.least)}–{form.format(seen.most)})"


def targets(results: Results) -> Iterator[str]:
    rows = []
    for target in TARGETS:
        if ratio := results.ratio(target.job, target.system, target.to):
            found = f"{ratio.median:.2f} ({ratio.least:.2f}–{ratio.most:.2f})"
            rows.append([target.what, target.said, found, "yes" if target.met_by(ratio) else "**no**"])
    if rows:
        yield "## What we want, and what it is\n"
        yield "Ratios of CPU time per request, within a round; the median of the rounds, the least and the most.\n"
        yield table(["", "wanted", "found", "met"], rows)


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def title_of_server(name: str) -> str:
    return TITLES.get(name) or next(system.title for system in BY_NAME.values() if system.server.name == name)


def systems(results: Results) -> Iterator[str]:
    yield "## What each does\n"
    asked = results.statements.get("bearer", {})
    for name in results.systems("bearer") or asked:
        system = BY_NAME[name]
        counted = f" ({count(asked[name])})" if name in asked else ""
        yield f"- **{system.title}**{counted}. {system.does} {system.offers and 'It offers: ' + system.offers}".rstrip()
    yield ""


def count(statements: list[tuple[str, float]]) -> str:
    """How many statements one request takes, as PostgreSQL counted them; transactions' own are told apart."""
    own = sum(calls for query, calls in statements if query.split()[0] in TRANSACTION)
    asked = sum(calls for _, calls in statements) - own
    return f"{asked:.0f} statement{'s' * (round(asked) != 1)}" + (f", and {own:.0f} of transactions" if own else "")


TRANSACTION = {"BEGIN", "COMMIT", "ROLLBACK", "BEGIN;", "COMMIT;", "ROLLBACK;", "SAVEPOINT", "RELEASE"}


def conditions(results: Results) -> Iterator[str]:
    machine, options = results.machine, results.options
    yield "## Where and when\n"
    yield f"- {machine['date']}, commit {machine['commit']}, by `{options['command']}`"
    yield f"- {machine['processor']}, {machine['memory']}, Linux {machine['kernel']}, cores: {machine['cores']}"
    yield f"- {options['rounds']} rounds of {options['seconds']:g} s, {options['people']:,} people with a session each"
    yield f"- Python {machine['python']}, " + ", ".join(f"{name} {number}" for name, number in results.versions.items())
    yield ""


WIDTH, LABEL, BAR, GAP = 760, 230, 22, 10


def bars(results: Results) -> str:
    """CPU per bearer check, a bar for each system, with the least and the most of the rounds as a line."""
    seen = {name: spread(results.of("bearer", name, "cpu")) for name in results.systems("bearer")}
    seen = dict(sorted(seen.items(), key=lambda item: item[1].median))
    most = max((one.most for one in seen.values()), default=1)
    height = len(seen) * (BAR + GAP) + 40
    scale = (WIDTH - LABEL - 90) / most
    drawn = [bar(number, name, one, scale) for number, (name, one) in enumerate(seen.items())]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" role="img" aria-label="CPU per bearer check">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
        f'<text x="10" y="22" font-weight="bold" fill="#222">CPU per bearer check, µs: less is better</text>\n'
        f"{''.join(drawn)}</svg>\n"
    )


def bar(number: int, name: str, one: Spread, scale: float) -> str:
    top = 36 + number * (BAR + GAP)
    middle, end = top + BAR / 2, LABEL + one.median * scale
    colour = "#2f6f4f" if name == BASE else "#b9c4be" if name.startswith("ninja-") else "#7d8fa3"
    title = escape(TITLES[name].replace("`", ""))
    return (
        f'<text x="{LABEL - 10}" y="{middle + 4:.0f}" text-anchor="end" fill="#222">{title}</text>\n'
        f'<rect x="{LABEL}" y="{top}" width="{one.median * scale:.1f}" height="{BAR}" fill="{colour}"/>\n'
        f'<line x1="{LABEL + one.least * scale:.1f}" x2="{LABEL + one.most * scale:.1f}" y1="{middle:.0f}" '
        f'y2="{middle:.0f}" stroke="#222"/>\n'
        f'<text x="{max(end, LABEL + one.most * scale) + 8:.0f}" y="{middle + 4:.0f}" fill="#222">'
        f"{one.median:.0f}</text>\n"
    )
