#!/bin/sh
# orval 7.13.2 finds no input in a configuration file that is an ES module with a default export, as .mjs. The same
# text works as .ts, and as .cjs with module.exports. The error says that the input is missing, not the export.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts orval@7.13.2 typescript@5.9.3
echo '{"openapi": "3.1.0", "info": {"title": "Try", "version": "1"}, "paths": {"/": {"get": {"operationId": "look",
"responses": {"204": {"description": "Nothing"}}}}}}' > openapi.json
config='{ one: { input: "openapi.json", output: "client.ts" } };'
echo "export default $config" | tee orval.config.mjs > orval.config.ts
echo "module.exports = $config" > orval.config.cjs
echo "orval $(npx orval --version), node $(node --version)"
echo "claim: .ts and .cjs make client.ts; .mjs ends with 'Config require an input'"
for kind in ts cjs; do
  rm -f client.ts
  npx orval --config "orval.config.$kind" > said 2>&1
  test -s client.ts
  echo "$kind: client.ts was made"
done
rm -f client.ts
npx orval --config orval.config.mjs > said 2>&1 && { echo "mjs works by now"; exit 1; }
grep -o "Error: Config require an input" said
test ! -e client.ts
