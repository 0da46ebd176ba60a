const toBase64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** 256 random bits in 43 characters: also a code verifier of RFC 7636. */
export const random = () => toBase64url(crypto.getRandomValues(new Uint8Array(32)));

/** `S256` of RFC 7636. A browser computes it on https and on localhost only. */
export async function challenge(verifier: string) {
  return toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}
