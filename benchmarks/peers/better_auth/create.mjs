// https://better-auth.com/docs/concepts/database, "Programmatic migrations"
import { getMigrations } from "better-auth/db/migration";

import { auth } from "./auth.mjs";

const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
process.exit();
