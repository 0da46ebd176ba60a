// https://better-auth.com/docs/installation, /docs/adapters/postgresql and /docs/plugins/bearer: all at its defaults,
// except that rate limits are off, as in every system here.
import { betterAuth } from "better-auth";
import { bearer } from "better-auth/plugins";
import { Pool } from "pg";

export const auth = betterAuth({
  baseURL: "http://localhost",
  secret: process.env.BETTER_AUTH_SECRET,
  database: new Pool({ connectionString: process.env.DATABASE_URL }),
  emailAndPassword: { enabled: true },
  plugins: [bearer()],
  rateLimit: { enabled: false },
});
