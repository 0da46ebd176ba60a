"""Writes docs/benchmarks.md and its picture from the results."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median

from .results import Results, Spread, spread
from .systems import BY_NAME

REMARKS = Path(__file__).with_name("remarks.md")
PICTURE = "images/bearer.svg"
BASE = "latchkey"
TITLES = {name: system.title for name, system in BY_NAME.items()} | {"argon2": "one Argon2 verify alone"}
JOBS = {
    "bearer": "Bearer check",
    "login": "Login",
    "list": "List of 50 sessions",
}
ABOUT = {
    "bearer": "`GET` of the token's user, on 8 connections that stay open.",
    "login": "One after another. All systems use Argon2id with 3 passes over 64 MiB in 4 lanes.",
    "list": "One after another. The other systems have no such list.",
}


@dataclass(frozen=True)
class Target:
    """A bound, from above or below, on the CPU time of `system` divided by that of `to`, within a round."""

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
            parts += [f"## {title}\n", f"{ABOUT[job]}\n", table(HEADS, rows)]
    return "\n".join(parts)


HEADS = ["", "CPU, µs", "to ours", "of PostgreSQL, µs", "a second", "p99, ms"]


def row(results: Results, job: str, name: str) -> Iterator[str]:
    ratio = results.ratio(job, name, BASE)
    yield spelled(results.of(job, name, "cpu"))
    yield "1" if name == BASE else told(ratio) if ratio else ""
    for what, form in (("database_cpu", "{:,.0f}"), ("per_second", "{:,.0f}"), ("p99", "{:.1f}")):
        yield form.format(median(results.of(job, name, what)))


def spelled(values: list[float], form: str = "{:,.0f}") -> str:
    """The median, and the least and the most in brackets. Empty without values."""
    return told(spread(values), form) if values else ""


def targets(results: Results) -> Iterator[str]:
    rows = []
    for target in TARGETS:
        if ratio := results.ratio(target.job, target.system, target.to):
            rows.append([target.what, target.said, told(ratio), yes(target.met_by(ratio))])
    if rows:
        yield "## Targets\n"
        yield "Ratios of CPU time for each request, taken within a round.\n"
        yield table(["", "wanted", "found", "met"], rows)


def told(ratio: Spread, form: str = "{:.2f}") -> str:
    return f"{form.format(ratio.median)} ({form.format(ratio.least)}–{form.format(ratio.most)})"


def yes(met: bool) -> str:
    return "yes" if met else "**no**"


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    head, *lines = (f"| {' | '.join(line)} |\n" for line in (heads, *rows))
    return "".join([head, f"|{'---|' * len(heads)}\n", *lines])


def systems(results: Results) -> Iterator[str]:
    yield "## What each system does\n"
    asked = results.statements.get("bearer", {})
    for name in results.systems("bearer") or asked:
        system = BY_NAME[name]
        counted = f" ({count(asked[name])})" if name in asked else ""
        yield f"- **{system.title}**{counted}. {system.does}"
    yield ""


def count(statements: list[tuple[str, float]]) -> str:
    """The number of SQL statements of a request, counted by PostgreSQL. Those of transactions are told apart."""
    own = sum(calls for query, calls in statements if query.split()[0] in TRANSACTION)
    asked = sum(calls for _, calls in statements) - own
    return f"{asked:.0f} statement{'s' * (round(asked) != 1)}" + (f", and {own:.0f} of transactions" if own else "")


TRANSACTION = {"BEGIN", "COMMIT", "ROLLBACK", "BEGIN;", "COMMIT;", "ROLLBACK;", "SAVEPOINT", "RELEASE"}


def conditions(results: Results) -> Iterator[str]:
    machine, options = results.machine, results.options
    yield "## Where and when\n"
    yield f"- {machine['date']}, commit {machine['commit']}, by `{options['command']}`"
    yield f"- {machine['processor']}, {machine['memory']}, Linux {machine['kernel']}, cores: {machine['cores']}"
    yield f"- {options['rounds']} rounds of {options['seconds']:g} s, {options['users']:,} users"
    yield f"- Python {machine['python']}, " + ", ".join(f"{name} {number}" for name, number in results.versions.items())
    yield ""


WIDTH, LABEL, BAR, GAP = 760, 230, 22, 10


def bars(results: Results) -> str:
    """CPU per bearer check as SVG: a bar for each system, and a line from the least to the most of the rounds."""
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
