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
BASE, BEFORE = "latchkey", "before"
TITLES = {name: system.title for name, system in BY_NAME.items()}
VARIANTS = {name for name in BY_NAME if name.startswith((BASE, BEFORE))}


@dataclass(frozen=True)
class Target:
    """A bound, from above or below, on a value of `system` divided by that of `to`, within a round."""

    what: str
    job: str
    system: str
    to: str
    bound: float
    at_most: bool = True
    of: str = "both"

    def found(self, results: Results) -> Spread | None:
        return results.ratio(self.job, self.system, self.to, self.of)

    def met_by(self, ratio: Spread) -> bool:
        """By the median as the page shows it."""
        shown = round(ratio.median, 2)
        return shown <= self.bound if self.at_most else shown >= self.bound

    @property
    def said(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.bound:g}"


@dataclass(frozen=True)
class MoreMemory(Target):
    """A bound on the MiB that `system` holds more than `to`."""

    def found(self, results: Results) -> Spread | None:
        pairs = results.pairs(self.job, self.system, self.to, "memory")
        return spread([(own - other) / 1024**2 for own, other in pairs]) if pairs else None


def beside(system: str, bound: float, job: str = "me") -> Target:
    return Target(TITLES[system], job, system, BASE, bound, at_most=False)


TO_BEFORE = (
    Target("check by `GET /api/users/me`", "me", BASE, BEFORE, 0.30),
    Target("check by `GET /api/auth/session`", "session", BASE, BEFORE, 0.30),
    Target("`/api/users/me` behind nginx, by https", "me", "latchkey-https", "before-https", 0.30),
    Target("`/api/auth/session` behind nginx, by https", "session", "latchkey-https", "before-https", 0.30),
    Target("`/api/users/me` with `SHORT_WAY=off`", "me", "latchkey-whole", BEFORE, 0.50),
    Target("`/api/auth/session` with `SHORT_WAY=off`", "session", "latchkey-whole", BEFORE, 0.50),
    Target("login", "login", BASE, BEFORE, 0.85),
    Target("list of 50 sessions", "list", BASE, BEFORE, 0.40),
    Target("start of two workers", "workers-2", BASE, BEFORE, 0.60),
    Target("memory of four workers", "workers-4", BASE, BEFORE, 0.65, of="memory"),
    MoreMemory("memory of one worker, MiB more", "workers-1", BASE, BEFORE, 12),
)
TO_OURS = (
    beside("reference", 9),
    beside("knox", 10),
    beside("allauth", 17),
    beside("better-auth", 2),
    beside("reference", 2.8, "list"),
)
TITLES_OF_JOBS = {"me": "### Bearer check", "list": "### List of 50 sessions"}


def write(results: Results, docs: Path) -> None:
    picture = docs / PICTURE
    picture.parent.mkdir(exist_ok=True)
    (docs / "benchmarks.md").write_text(document(results))
    picture.write_text(bars(results))


def document(results: Results) -> str:
    remarks = REMARKS.read_text().split("<!-- tables -->\n")
    parts = [*remarks[:1], tables(results), f"![CPU of a bearer check, to ours]({PICTURE})\n", *remarks[1:]]
    return "\n".join([*parts, *systems(results), *conditions(results)])


def tables(results: Results) -> str:
    found = {target: ratio for target in (*TO_BEFORE, *TO_OURS) if (ratio := target.found(results))}
    parts = [missed(found)]
    if own := [[one.what, told(found[one]), wanted(one, found[one])] for one in TO_BEFORE if one in found]:
        parts += ["## Beside commit a0f27e1\n", table(["", "to a0f27e1", "wanted"], own)]
    if theirs := [*others(results)]:
        parts += ["## Beside other systems\n", *theirs]
    return "\n".join(parts)


def missed(found: dict[Target, Spread]) -> str:
    number = sum(not target.met_by(ratio) for target, ratio in found.items())
    return f"{number} of {len(found)} targets are missed.\n" if number else "All targets are met.\n"


def wanted(target: Target, ratio: Spread) -> str:
    return target.said if target.met_by(ratio) else f"**missed:** {target.said}"


def others(results: Results) -> Iterator[str]:
    """A table for the bearer check, and one for the list, where other systems were measured."""
    for job, title in TITLES_OF_JOBS.items():
        names = [name for name in results.systems(job) if name not in VARIANTS]
        if names and BASE in results.systems(job):
            yield f"{title}\n"
            yield f"{scale(results, job)}\n"
            heads = ["", "CPU, to ours", "wanted", "of PostgreSQL"]
            yield table(heads, [row(results, job, name) for name in names])


def scale(results: Results, job: str) -> str:
    own, database = (median(results.of(job, BASE, what)) for what in ("cpu", "database_cpu"))
    return f"Ours took {own:,.0f} µs, and PostgreSQL {database:,.0f} µs for it."


def row(results: Results, job: str, name: str) -> list[str]:
    """With the share of PostgreSQL in the ratio, which is of both."""
    ratio = results.ratio(job, name, BASE)
    assert ratio
    share = median(results.of(job, name, "database_cpu")) / median(results.of(job, name, "both"))
    target = next((one for one in TO_OURS if (one.job, one.system) == (job, name)), None)
    return [TITLES[name], told(ratio), wanted(target, ratio) if target else "", f"{ratio.median * share:.2f}"]


def spelled(values: list[float], form: str = "{:,.0f}") -> str:
    """The median, and the least and the most in brackets. Empty without values."""
    return told(spread(values), form) if values else ""


def told(ratio: Spread, form: str = "{:.2f}") -> str:
    return f"{form.format(ratio.median)} ({form.format(ratio.least)}–{form.format(ratio.most)})"


def yes(met: bool) -> str:
    return "yes" if met else "**no**"


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    head, *lines = (f"| {' | '.join(line)} |\n" for line in (heads, *rows))
    return "".join([head, f"|{'---|' * len(heads)}\n", *lines])


def systems(results: Results) -> Iterator[str]:
    yield "## What each system does\n"
    for system, asked in ((BY_NAME[name], asked) for name, asked in results.statements.items()):
        if system.does:
            yield f"- **{system.title}** ({count(asked)}). {system.does}"
    yield ""


def count(statements: list[tuple[str, float]]) -> str:
    """The number of SQL statements of a request, counted by PostgreSQL. Those of transactions are told apart."""
    own = sum(calls for query, calls in statements if query.split()[0] in TRANSACTION)
    asked = sum(calls for _, calls in statements) - own
    return f"{asked:.0f} statement{'s' * (round(asked) != 1)}" + (f", and {own:.0f} of transactions" if own else "")


TRANSACTION = {"BEGIN", "COMMIT", "ROLLBACK", "BEGIN;", "COMMIT;", "ROLLBACK;", "SAVEPOINT", "RELEASE"}
PGO = {
    "yes": "with PGO",
    "no": "without PGO (profile-guided optimization), which the Python of the image has",
}


def conditions(results: Results) -> Iterator[str]:
    machine, options = results.machine, results.options
    yield "## Where and when\n"
    yield f"- {machine['date']}, commit {machine['commit']}, by `{options['command']}`"
    yield f"- {machine['processor']}, {machine['memory']}, Linux {machine['kernel']}, cores: {machine['cores']}"
    yield f"- load of the machine, over five minutes: {machine['load before']} before, {machine['load after']} after"
    yield f"- {options['rounds']} rounds of {options['seconds']:g} s, {options['users']:,} users"
    yield f"- Python {machine['python']} {PGO[machine['pgo']]}"
    yield "- " + ", ".join(f"{name} {number}" for name, number in results.versions.items())
    yield ""


WIDTH, LABEL, BAR, GAP = 760, 230, 22, 10


def bars(results: Results) -> str:
    """CPU of a bearer check to ours, as SVG: a bar for each system, and a line from the least to the most ratio."""
    seen = {name: ratio for name in results.systems("me") if (ratio := results.ratio("me", name, BASE))}
    seen = dict(sorted(seen.items(), key=lambda item: item[1].median))
    most = max((one.most for one in seen.values()), default=1)
    height = len(seen) * (BAR + GAP) + 40
    scale = (WIDTH - LABEL - 90) / most
    drawn = [bar(number, name, one, scale) for number, (name, one) in enumerate(seen.items())]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" role="img" aria-label="CPU of a bearer check, to ours">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
        f'<text x="10" y="22" font-weight="bold" fill="#222">CPU of a bearer check, to ours: less is better</text>\n'
        f"{''.join(drawn)}</svg>\n"
    )


def bar(number: int, name: str, one: Spread, scale: float) -> str:
    top = 36 + number * (BAR + GAP)
    middle, end = top + BAR / 2, LABEL + one.median * scale
    colour = "#2f6f4f" if name == BASE else "#b9c4be" if name in VARIANTS else "#7d8fa3"
    return (
        f'<text x="{LABEL - 10}" y="{middle + 4:.0f}" text-anchor="end" fill="#222">{escape(TITLES[name])}</text>\n'
        f'<rect x="{LABEL}" y="{top}" width="{one.median * scale:.1f}" height="{BAR}" fill="{colour}"/>\n'
        f'<line x1="{LABEL + one.least * scale:.1f}" x2="{LABEL + one.most * scale:.1f}" y1="{middle:.0f}" '
        f'y2="{middle:.0f}" stroke="#222"/>\n'
        f'<text x="{max(end, LABEL + one.most * scale) + 8:.0f}" y="{middle + 4:.0f}" fill="#222">'
        f"{one.median:.1f}</text>\n"
    )
