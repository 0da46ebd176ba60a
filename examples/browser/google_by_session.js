// Sign in with Google, where the session itself comes back in the URL: docs/google.md.
const API = "http://localhost:8000"; // your PUBLIC_URL

// for the button
function signIn(next = "/") {
  const state = crypto.randomUUID();
  sessionStorage.setItem("state", state);
  location.assign(`${API}/api/auth/oauth/google?${new URLSearchParams({ next, state })}`);
}

// for /oauth/callback
async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  const state = sessionStorage.getItem("state");
  sessionStorage.removeItem("state");
  if (!state || query.get("state") !== state) throw new Error("This sign-in was not begun here.");
  return { token: query.get("session"), next: query.get("next") ?? "/" };
}
