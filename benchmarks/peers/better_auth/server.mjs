// https://better-auth.com/docs/integrations/node, and a line in the log for each request
import { createServer } from "node:http";

import { toNodeHandler } from "better-auth/node";

import { auth } from "./auth.mjs";

const handler = toNodeHandler(auth);

createServer((request, response) => {
  response.on("finish", () => console.log(`${new Date().toISOString()} ${request.method} ${request.url} ${response.statusCode}`));
  handler(request, response);
}).listen(process.argv[2], "127.0.0.1");
