// An OpenID Provider from npm. Any login name is accepted, with any password.
//
//     node server.mjs PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI [standard]
//
// It speaks as Google does. With `standard` it keeps to OpenID Connect Core, 5.4: the claims of a user are in the
// answer of the UserInfo endpoint, and not in the ID token.

import Provider from "oidc-provider";

const [port, client_id, client_secret, redirect_uri, dialect] = process.argv.slice(2);
const standard = dialect === "standard";

// A login is the local part of a Gmail address, or an address in a Workspace of its own.
function claims(login) {
  const [name, domain] = login.split("@");
  const mailbox = domain ? { email: login, hd: domain } : { email: `${login}@gmail.com` };
  return { ...mailbox, email_verified: true, name: name[0].toUpperCase() + name.slice(1), given_name: name };
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id,
      client_secret,
      redirect_uris: [redirect_uri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  pkce: { required: () => true },
  conformIdTokenClaims: standard,
  claims: { openid: ["sub"], email: ["email", "email_verified", "hd"], profile: ["name", "given_name"] },
  findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...claims(login) }) }),
});

provider.use(async (context, next) => {
  await next();
  if (typeof context.body === "string") {
    context.body = context.body.replace(/@import [^;]*;/, ""); // its form would fetch a font from the internet
  }
});

provider.listen(Number(port), "127.0.0.1");
