// Writes the module of accounts/pages: this client and the pages' own code in one file. With --check, only compares it.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const MODULE = new URL("../../../accounts/pages/static/pages/pages.js", import.meta.url);

const { outputFiles } = await build({
  absWorkingDir: fileURLToPath(new URL("../../..", import.meta.url)),
  entryPoints: ["accounts/pages/src/main.ts"],
  nodePaths: [fileURLToPath(new URL("../node_modules", import.meta.url))],
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  banner: { js: "// Built by `make client` from accounts/pages/src. License: MIT; it contains openapi-fetch, MIT." },
});
const [{ text }] = outputFiles;
if (!process.argv.includes("--check")) await writeFile(MODULE, text);
else if ((await readFile(MODULE, "utf8")) !== text) {
  console.error("accounts/pages/static/pages/pages.js is outdated. Run: make client");
  process.exitCode = 1;
}
