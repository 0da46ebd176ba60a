// Written by `make openapi` from docs/openapi.json.

type Open<Known extends string> = Known | (string & {});

/** The `error_code` of each operation's refusals. */
export interface ErrorCodes {
  getSession: Open<"invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  getMe: Open<"invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  updateMe: Open<"invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "server_error" | "server_busy" | "service_unavailable">;
  deleteMe: Open<"invalid_request" | "not_authenticated" | "session_expired" | "reauthentication_required" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  getConfig: Open<"invalid_request" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  exportMe: Open<"invalid_request" | "not_authenticated" | "session_expired" | "reauthentication_required" | "payload_too_large" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  listEvents: Open<"invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "validation_error" | "server_error" | "server_busy" | "service_unavailable">;
  login: Open<"invalid_request" | "authentication_failed" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  reauthenticate: Open<"invalid_code" | "invalid_request" | "not_authenticated" | "session_expired" | "invalid_password" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  exchangeCode: Open<"invalid_code" | "invalid_request" | "account_disabled" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  handOver: Open<"invalid_request" | "not_authenticated" | "session_expired" | "reauthentication_required" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  register: Open<"invalid_request" | "registration_closed" | "email_taken" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  confirmRegistration: Open<"invalid_link" | "invalid_request" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  changePassword: Open<"invalid_request" | "not_authenticated" | "session_expired" | "invalid_password" | "reauthentication_required" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  requestPasswordReset: Open<"invalid_request" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  confirmPasswordReset: Open<"invalid_link" | "invalid_request" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  verifyEmail: Open<"invalid_link" | "invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  resendVerification: Open<"invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  requestEmailChange: Open<"invalid_request" | "not_authenticated" | "session_expired" | "reauthentication_required" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  confirmEmailChange: Open<"invalid_link" | "invalid_request" | "not_authenticated" | "session_expired" | "email_taken" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  undoChanges: Open<"invalid_link" | "invalid_request" | "email_taken" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  logout: Open<"invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  listSessions: Open<"invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  revokeOtherSessions: Open<"invalid_request" | "not_authenticated" | "session_expired" | "reauthentication_required" | "payload_too_large" | "validation_error" | "server_error" | "server_busy" | "service_unavailable">;
  revokeSession: Open<"invalid_request" | "not_authenticated" | "session_expired" | "reauthentication_required" | "not_found" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  startSignIn: Open<"invalid_request" | "permission_denied" | "provider_not_found" | "payload_too_large" | "validation_error" | "server_error" | "server_busy" | "service_unavailable">;
  finishSignIn: Open<"invalid_request" | "permission_denied" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  signInWithIdToken: Open<"invalid_id_token" | "invalid_request" | "email_unverified" | "account_disabled" | "registration_closed" | "provider_not_found" | "account_exists" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "provider_unavailable" | "server_busy" | "service_unavailable">;
  startLink: Open<"invalid_request" | "not_authenticated" | "session_expired" | "reauthentication_required" | "provider_not_found" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  listConnections: Open<"invalid_request" | "not_authenticated" | "session_expired" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
  completeLink: Open<"invalid_code" | "invalid_request" | "not_authenticated" | "session_expired" | "already_linked" | "payload_too_large" | "unsupported_media_type" | "validation_error" | "rate_limited" | "server_error" | "server_busy" | "service_unavailable">;
  deleteConnection: Open<"invalid_request" | "not_authenticated" | "session_expired" | "reauthentication_required" | "not_found" | "last_login_method" | "payload_too_large" | "server_error" | "server_busy" | "service_unavailable">;
}
