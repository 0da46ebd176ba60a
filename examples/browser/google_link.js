// Link Google to the account of a logged-in user: docs/sign-in-rules.md. API is your PUBLIC_URL.

// for the button in the settings
async function linkGoogle(token) {
  const answer = await fetch(`${API}/api/auth/oauth/google/link`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error_code);
  location.assign(body.authorize_url); // for one use within 60 seconds
}

// for /oauth/callback, where it has a link_code
async function finishLink(token) {
  const query = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  const answer = await fetch(`${API}/api/auth/connections`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ code: query.get("link_code") }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error_code);
  return body;
}
