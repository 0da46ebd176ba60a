// Writes dist/: a module and its types for each file of src/, and latchkey.js, which is `/web` in one file for pages
// without a bundler.
import { execFileSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = fileURLToPath(new URL("..", import.meta.url));

await rm(`${folder}/dist`, { recursive: true, force: true });
execFileSync("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  cwd: folder,
  stdio: "inherit",
});
await build({
  absWorkingDir: folder,
  entryPoints: ["src/web.ts"],
  outfile: "dist/latchkey.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  banner: { js: "// latchkey-client, built from clients/typescript. License: MIT; it contains openapi-fetch, MIT." },
});
