// A page of tests/clients/typescript/test_browser.py: two components show the same session.
import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { latchkey } from "/client.js";
import { useSession } from "latchkey-client/react";

function Told({ id }) {
  const { state, user, refresh } = useSession(latchkey);
  return createElement("p", { id, onClick: refresh }, user ? `${state}: ${user.email}` : state);
}

const page = createElement(StrictMode, null, createElement(Told, { id: "told" }), createElement(Told, { id: "too" }));
createRoot(document.querySelector("#root")).render(page);
