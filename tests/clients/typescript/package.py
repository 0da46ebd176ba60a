"""The package of clients/typescript, installed and built once for all tests."""

import fcntl
from pathlib import Path

from ... import npm
from ...browser import documented
from ...server import ROOT

FOLDER = ROOT / "clients" / "typescript"
needs_node = npm.needs_node("no test runs the TypeScript client")


def built() -> Path:
    """The folder with `dist/`, which is newer than all that it is made of."""
    npm.install(FOLDER)
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources = [FOLDER / "package.json", *FOLDER.glob("tsconfig*"), *FOLDER.glob("src/*"), *FOLDER.glob("scripts/*")]
        bundle = FOLDER / "dist" / "latchkey.js"  # is written last
        if not bundle.exists() or bundle.stat().st_mtime < max(file.stat().st_mtime for file in sources):
            npm.run(FOLDER, "npm", "run", "--silent", "build")
    return FOLDER


def bundle(entry: Path, outfile: Path) -> None:
    """Write this module and its packages into one file. The import of `/client.js` stays: the page has it."""
    options = ["--bundle", "--format=esm", "--external:/client.js", "--define:process.env.NODE_ENV='production'"]
    npm.run(FOLDER, "node_modules/.bin/esbuild", str(entry), *options, "--log-level=error", f"--outfile={outfile}")


def client_module(api: str, store: str = "localStorage") -> str:
    """The documented module that creates the client, for an API at this address. It imports `./latchkey.js`."""
    code = documented("clients.md", "js", "A client")
    for said, here in {
        '"latchkey-client/web"': '"./latchkey.js"',
        "import { createLatchkey }": "import { createLatchkey, webStore }",
        '"http://localhost:8000"': f'"{api}", store: webStore("{store}")',
    }.items():
        assert said in code
        code = code.replace(said, here)
    return code
