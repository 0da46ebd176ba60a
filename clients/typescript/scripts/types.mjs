// Writes src/schema.ts and src/codes.ts from docs/openapi.json. With --check, only compares them.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../../docs/openapi.json", import.meta.url);
const HEAD = "// Written by `make openapi` from docs/openapi.json.\n\n";

const document = JSON.parse(await readFile(DOCUMENT, "utf8"));
const files = {
  "schema.ts": HEAD + astToString(await openapiTS(document)),
  "codes.ts": HEAD + errorCodes(document),
};
for (const [name, text] of Object.entries(files)) {
  const file = new URL(`../src/${name}`, import.meta.url);
  if (!process.argv.includes("--check")) await writeFile(file, text);
  else if ((await readFile(file, "utf8")) !== text) {
    console.error(`clients/typescript/src/${name} is outdated. Run: make openapi`);
    process.exitCode = 1;
  }
}

/** One line for each operation: a service that is newer than the client may answer with further codes. */
function errorCodes({ paths }) {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const lines = operations.map(({ operationId, responses }) => {
    const codes = Object.values(responses).flatMap((answer) => answer["x-error-codes"] ?? []);
    return `  ${operationId}: Open<${codes.map((code) => `"${code}"`).join(" | ")}>;\n`;
  });
  const open = "type Open<Known extends string> = Known | (string & {});\n";
  const comment = "/** The `error_code` of each operation's refusals. */\n";
  return `${open}\n${comment}export interface ErrorCodes {\n${lines.join("")}}\n`;
}
