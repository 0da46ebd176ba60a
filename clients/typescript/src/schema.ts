// Written by `make openapi` from docs/openapi.json.

export interface paths {
    "/api/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check the session
         * @description The session of the token, and its user. A check is not use: `last_seen_at` and the idle end do not move.
         */
        get: operations["getSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the current user
         * @description The user of the token.
         */
        get: operations["getMe"];
        put?: never;
        post?: never;
        /**
         * Delete the account
         * @description Deletes the user and all their data. A last mail says so, also to an address that could undo a change.
         */
        delete: operations["deleteMe"];
        options?: never;
        head?: never;
        /**
         * Update the current user
         * @description Changes the name, and answers with the changed user.
         */
        patch: operations["updateMe"];
        trace?: never;
    };
    "/api/auth/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the public configuration
         * @description The settings that a login page needs. Clients may cache the answer for five minutes.
         */
        get: operations["getConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the account
         * @description All data that is stored about the user, without secrets.
         */
        get: operations["exportMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the account's events
         * @description Newest first, fifty at a time. With `before`, only events older than the one with this `id`.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in
         * @description A new session. A refusal does not tell its reason, because strangers could learn from it who has an account.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/reauthenticate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Authenticate again
         * @description Renews the token of this session, for endpoints that need recent authentication. The old token is revoked.
         */
        post: operations["reauthenticate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/exchange": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a code for a session
         * @description For the `?code=` of a sign-in that began with a `code_challenge`. A wrong verifier uses the code up as well.
         */
        post: operations["exchangeCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/handover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hand the login over to a front end
         * @description A code that the front end exchanges for a session of its own. A login page of this service sends it there.
         */
        post: operations["handOver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register
         * @description Creates a user, and logs in. `errors[].code` names the reasons for which a password is refused.
         *
         *     Where `REGISTRATION` is `verified`, the body has only the address, the answer is always 202, and a mail has a token
         *     to complete the registration.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/register/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete a registration
         * @description Takes the token of the mail, where `REGISTRATION` is `verified`.
         *
         *     Creates a user with a verified address, and logs in.
         */
        post: operations["confirmRegistration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Revokes all other sessions, and renews the token of this one.
         *
         *     A user without a password leaves `current_password` out, and needs a recent login.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request a password reset
         * @description Sends a mail if a user has this address. The answer and its time are the same for every address.
         */
        post: operations["requestPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password/reset/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset the password
         * @description Takes the token of the mail. Revokes all sessions and marks the address as verified; it does not log in.
         *
         *     It revokes all device tokens too. A device that sends its own gets 200 and a new one.
         *     Earlier security alerts stay valid, because a thief who reads the mailbox could make this call too.
         */
        post: operations["confirmPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify the email address
         * @description Takes the token of the mail. The session must belong to the user of the token.
         */
        post: operations["verifyEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/email/verify/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resend the verification mail
         * @description The token of an earlier mail becomes invalid. A user with a verified address gets no mail.
         */
        post: operations["resendVerification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/email/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request another email address
         * @description Sends a mail with a token to the new address. The answer is the same where another user has that address.
         */
        post: operations["requestEmailChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/email/change/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the email address
         * @description Takes the token of the mail. The old address is told; if it was verified, it can undo this for seven days.
         */
        post: operations["confirmEmailChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/secure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undo changes to the account
         * @description Takes the revert token of a security alert, and gives the account back to the address that got the alert.
         *
         *     Revokes the password, all sessions and later identities, and sends a mail to choose a new password.
         */
        post: operations["undoChanges"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out
         * @description Revokes the session whose token was sent. Other sessions of the user stay valid.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List my sessions
         * @description The valid sessions of the user, newest first. Browsers at the admin have the method `admin`.
         */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        /**
         * Revoke my other sessions
         * @description Revokes all other sessions of the user; with `include_current` also the one whose token was sent.
         */
        delete: operations["revokeOtherSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions/{handle}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke one of my sessions
         * @description The session whose token was sent can always be revoked; another one needs a recent login.
         */
        delete: operations["revokeSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/oauth/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Start a sign-in
         * @description Send the browser here. It ends at the front end, under `/oauth/callback` or `/oauth/error`.
         */
        get: operations["startSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/oauth/{provider}/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Back from the provider
         * @description The provider sends the browser here. It goes on to the front end, with a session or the code of an error.
         */
        get: operations["finishSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/oauth/{provider}/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with an ID token
         * @description For a phone, or One Tap. An ID token opens one session.
         */
        post: operations["signInWithIdToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/oauth/{provider}/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start to link a provider
         * @description Send the browser to the address. It comes back to `/oauth/callback?link_code=`; then POST the code below.
         */
        post: operations["startLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List my linked providers
         * @description The accounts at providers with which the user can log in.
         */
        get: operations["listConnections"];
        put?: never;
        /**
         * Complete a link
         * @description With the `link_code`, by the user who started the link.
         */
        post: operations["completeLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/connections/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Unlink a provider
         * @description The last login method of a user stays.
         */
        delete: operations["deleteConnection"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** UserResponse */
        UserResponse: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Email */
            email: string;
            /** Email Verified */
            email_verified: boolean;
            /** Display Name */
            display_name: string;
            /**
             * Has Password
             * @description False for a user who logs in through a provider only.
             */
            has_password: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /** UserSessionResponse */
        UserSessionResponse: {
            /**
             * Handle
             * Format: uuid
             * @description The id of the session. It is no secret and authenticates no request.
             */
            handle: string;
            /**
             * Method
             * @description How the user logged in: `password`, `admin` (a browser at the admin), or the name of a provider.
             */
            method: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Last Seen At
             * Format: date-time
             * @description Up to `SESSION_TOUCH_SECONDS` before the last request.
             */
            last_seen_at: string;
            /**
             * Authenticated At
             * Format: date-time
             */
            authenticated_at: string;
            /**
             * Expires At
             * Format: date-time
             * @description The earlier of the absolute and the idle expiry.
             */
            expires_at: string;
            /**
             * Expires In
             * @description Whole seconds until `expires_at`.
             */
            expires_in: number;
            /** Ip Address */
            ip_address: string | null;
            /** User Agent */
            user_agent: string;
            /**
             * Device
             * @description What the user agent seems to be: “Firefox on Linux”, or empty.
             */
            device: string;
            /**
             * Current
             * @description Whether this session sent the request.
             */
            current: boolean;
            user: components["schemas"]["UserResponse"];
        };
        /** UserUpdate */
        UserUpdate: {
            /**
             * Display Name
             * @description One line without control characters. Surrounding white space is removed.
             */
            display_name: string;
        };
        /** ConfiguredProvider */
        ConfiguredProvider: {
            /** Provider */
            provider: string;
            /** Name */
            name: string;
            /** Start Url */
            start_url: string;
        };
        /** PasswordRules */
        PasswordRules: {
            /** Min Length */
            min_length: number;
            /** Max Length */
            max_length: number;
        };
        /**
         * PublicConfig
         * @description The public configuration of this service.
         */
        PublicConfig: {
            /** Registration */
            registration: string;
            password: components["schemas"]["PasswordRules"];
            /**
             * Handover
             * @description How a provider's sign-in reaches the front end.
             */
            handover: string;
            /**
             * Providers
             * @description The configured providers.
             */
            providers: components["schemas"]["ConfiguredProvider"][];
        };
        /** AccountExport */
        AccountExport: {
            user: components["schemas"]["ExportedUser"];
            /** Sessions */
            sessions: components["schemas"]["SessionInfo"][];
            /** Connections */
            connections: components["schemas"]["ExportedConnection"][];
            /** Events */
            events: components["schemas"]["ExportedEvent"][];
            /** Failed Attempts */
            failed_attempts: components["schemas"]["ExportedFailures"][];
            /**
             * Links
             * @description The tokens that were mailed to the user, without their secrets.
             */
            links: components["schemas"]["ExportedToken"][];
            /**
             * Queued Mails
             * @description Mails that have not been sent yet.
             */
            queued_mails: components["schemas"]["ExportedMail"][];
            /**
             * Administration
             * @description Actions of administrators on the account, and the user's own actions as an administrator.
             */
            administration: components["schemas"]["ExportedAdministration"][];
        };
        /** ExportedAdministration */
        ExportedAdministration: {
            /**
             * Action Time
             * Format: date-time
             */
            action_time: string;
            /** Change Message */
            change_message: string;
        };
        /** ExportedConnection */
        ExportedConnection: {
            /** Provider */
            provider: string;
            /**
             * Uid
             * @description The id of the user at the provider.
             */
            uid: string;
            /**
             * Created
             * Format: date-time
             */
            created: string;
        };
        /** ExportedEvent */
        ExportedEvent: {
            /** Tag */
            tag: string;
            /**
             * Happened At
             * Format: date-time
             */
            happened_at: string;
            /** Ip Address */
            ip_address: string | null;
            /** Device */
            device: string;
            /** Session */
            session: string | null;
            /** Data */
            data: {
                [key: string]: unknown;
            };
        };
        /** ExportedFailures */
        ExportedFailures: {
            /**
             * Place
             * @description A known network of the user, or the `handle` of a session. Empty: all other networks.
             */
            place: string;
            /**
             * Number
             * @description Wrong passwords in a row.
             */
            number: number;
            /**
             * Last At
             * Format: date-time
             */
            last_at: string;
        };
        /** ExportedMail */
        ExportedMail: {
            /**
             * Letter
             * @description The type of the mail.
             */
            letter: string;
            /** Email */
            email: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /** Data */
            data: {
                [key: string]: unknown;
            };
        };
        /** ExportedToken */
        ExportedToken: {
            /** Purpose */
            purpose: string;
            /** Email */
            email: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /**
             * Spent At
             * @description When it was used or revoked.
             */
            spent_at: string | null;
        };
        /** ExportedUser */
        ExportedUser: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Email */
            email: string;
            /** Email Verified */
            email_verified: boolean;
            /** Display Name */
            display_name: string;
            /**
             * Has Password
             * @description False for a user who logs in through a provider only.
             */
            has_password: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Email Verified At */
            email_verified_at: string | null;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Last Login */
            last_login: string | null;
            /** Is Active */
            is_active: boolean;
            /** Is Staff */
            is_staff: boolean;
            /** Is Superuser */
            is_superuser: boolean;
            /**
             * Device Epoch
             * @description How often the device tokens were revoked.
             */
            device_epoch: number;
            /** Groups */
            groups: string[];
            /** User Permissions */
            user_permissions: string[];
        };
        /**
         * SessionInfo
         * @description A session as its user sees it, without its token.
         */
        SessionInfo: {
            /**
             * Handle
             * Format: uuid
             * @description The id of the session. It is no secret and authenticates no request.
             */
            handle: string;
            /**
             * Method
             * @description How the user logged in: `password`, `admin` (a browser at the admin), or the name of a provider.
             */
            method: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Last Seen At
             * Format: date-time
             * @description Up to `SESSION_TOUCH_SECONDS` before the last request.
             */
            last_seen_at: string;
            /**
             * Authenticated At
             * Format: date-time
             */
            authenticated_at: string;
            /**
             * Expires At
             * Format: date-time
             * @description The earlier of the absolute and the idle expiry.
             */
            expires_at: string;
            /**
             * Expires In
             * @description Whole seconds until `expires_at`.
             */
            expires_in: number;
            /** Ip Address */
            ip_address: string | null;
            /** User Agent */
            user_agent: string;
            /**
             * Device
             * @description What the user agent seems to be: “Firefox on Linux”, or empty.
             */
            device: string;
            /**
             * Current
             * @description Whether this session sent the request.
             */
            current: boolean;
        };
        /**
         * EventInfo
         * @description An event of an account.
         */
        EventInfo: {
            /**
             * Id
             * @description Grows with time: the `before` of the next page.
             */
            id: number;
            /** Tag */
            tag: string;
            /**
             * Happened At
             * Format: date-time
             */
            happened_at: string;
            /** Ip Address */
            ip_address: string | null;
            /**
             * Device
             * @description What the user agent seemed to be, or empty.
             */
            device: string;
            /**
             * Session
             * @description The handle of the session that was created, or that caused the event.
             */
            session: string | null;
            /**
             * Data
             * @description Details, such as the method of a login.
             */
            data: {
                [key: string]: unknown;
            };
        };
        /**
         * SessionResponse
         * @description A new or renewed session. Keep the token: it is not shown again.
         */
        SessionResponse: {
            /**
             * Token
             * @description Send it as `Authorization: Bearer <token>`.
             */
            token: string;
            /**
             * Id
             * @deprecated
             * @description The same as `token`; kept for older clients.
             */
            id: string;
            /**
             * Expires At
             * Format: date-time
             * @description The earlier of the absolute and the idle expiry.
             */
            expires_at: string;
            /**
             * Expires In
             * @description Whole seconds until `expires_at`.
             */
            expires_in: number;
            /**
             * Device Token
             * @description Keep it beyond the logout, and send it with the next login from this device: then wrong passwords of others do not delay the user here. It authenticates no request, and is good for a year.
             */
            device_token: string;
        };
        /** Login */
        Login: {
            /**
             * Email
             * Format: email
             * @description A plain address with a public domain. Its canonical form has at most 254 characters: lower case after NFKC, the part before the @ in ASCII without quotes, the domain as A-label (UTS 46).
             * @example alice@example.org
             */
            email: string;
            /**
             * Password
             * Format: password
             * @example correct horse battery
             */
            password: string;
            /**
             * Device Token
             * @description Of an earlier login from this device. One that is not valid is ignored.
             */
            device_token?: string | null;
        };
        /**
         * Reauthenticate
         * @description Either the password or, for users without a password, the code of a sign-in and its verifier.
         */
        Reauthenticate: {
            /**
             * Password
             * Format: password
             * @example correct horse battery
             */
            password?: string | null;
            /** Code */
            code?: string | null;
            /** Code Verifier */
            code_verifier?: string | null;
        };
        /** Exchange */
        Exchange: {
            /** Code */
            code: string;
            /**
             * Code Verifier
             * @description RFC 7636.
             */
            code_verifier: string;
        };
        /** ExchangeCode */
        ExchangeCode: {
            /**
             * Code
             * @description For `POST /api/auth/exchange`, once, within a minute.
             */
            code: string;
        };
        /** ExchangeChallenge */
        ExchangeChallenge: {
            /**
             * Code Challenge
             * @description S256, RFC 7636.
             */
            code_challenge: string;
        };
        /**
         * RegistrationPending
         * @description The answer for each address: a mail tells the user how to go on.
         */
        RegistrationPending: {
            /** Next */
            next: string;
        };
        /**
         * Register
         * @description Where `REGISTRATION` is `verified`, only the address; password and name follow with the token of the mail.
         */
        Register: {
            /**
             * Email
             * Format: email
             * @description A plain address with a public domain. Its canonical form has at most 254 characters: lower case after NFKC, the part before the @ in ASCII without quotes, the domain as A-label (UTS 46).
             * @example alice@example.org
             */
            email: string;
            /**
             * Password
             * Format: password
             * @description Exactly as typed: nothing is trimmed, and each character counts as one.
             * @example correct horse battery
             */
            password: string;
            /**
             * Display Name
             * @description One line without control characters. Surrounding white space is removed.
             */
            display_name?: string | null;
        };
        /** ConfirmRegistration */
        ConfirmRegistration: {
            /**
             * Token
             * @description The part after `#` in the link of a mail.
             */
            token: string;
            /**
             * Password
             * Format: password
             * @description Exactly as typed: nothing is trimmed, and each character counts as one.
             * @example correct horse battery
             */
            password: string;
            /**
             * Display Name
             * @description One line without control characters. Surrounding white space is removed.
             */
            display_name?: string | null;
        };
        /**
         * PasswordChange
         * @description A user without a password leaves `current_password` out.
         */
        PasswordChange: {
            /**
             * Current Password
             * Format: password
             * @example correct horse battery
             */
            current_password?: string | null;
            /**
             * New Password
             * Format: password
             * @description Exactly as typed: nothing is trimmed, and each character counts as one.
             * @example correct horse battery
             */
            new_password: string;
        };
        /** EmailAddress */
        EmailAddress: {
            /**
             * Email
             * Format: email
             * @description A plain address with a public domain. Its canonical form has at most 254 characters: lower case after NFKC, the part before the @ in ASCII without quotes, the domain as A-label (UTS 46).
             * @example alice@example.org
             */
            email: string;
        };
        /**
         * RenewedDevice
         * @description For a device that sent a device token. A reset revokes all of them.
         */
        RenewedDevice: {
            /** Device Token */
            device_token: string;
        };
        /** PasswordReset */
        PasswordReset: {
            /**
             * Token
             * @description The part after `#` in the link of a mail.
             */
            token: string;
            /**
             * New Password
             * Format: password
             * @description Exactly as typed: nothing is trimmed, and each character counts as one.
             * @example correct horse battery
             */
            new_password: string;
            /**
             * Device Token
             * @description Of an earlier login from this device. One that is not valid is ignored.
             */
            device_token?: string | null;
        };
        /** MailToken */
        MailToken: {
            /**
             * Token
             * @description The part after `#` in the link of a mail.
             */
            token: string;
        };
        /** IdToken */
        IdToken: {
            /** Id Token */
            id_token: string;
            /** Nonce */
            nonce: string;
        };
        /** AuthorizeUrl */
        AuthorizeUrl: {
            /**
             * Authorize Url
             * @description Send the browser there. The address is valid once, for a minute.
             */
            authorize_url: string;
        };
        /** ProviderConnection */
        ProviderConnection: {
            /** Id */
            id: number;
            /** Provider */
            provider: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /** LinkCode */
        LinkCode: {
            /** Code */
            code: string;
        };
        /**
         * Problem
         * @description RFC 9457. `error_code` is for user interfaces; `detail` is for developers.
         */
        Problem: {
            /** Format: uri */
            type: string;
            title: string;
            status: number;
            detail: string;
            error_code: string;
            /** @description With `validation_error`: each invalid field, without its value. */
            errors?: components["schemas"]["ProblemError"][];
        };
        /** ProblemError */
        ProblemError: {
            /** @description `body`, `query` or `path`, then the field. */
            loc: string[];
            msg: string;
            code: string;
            params: Record<string, never>;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserSessionResponse"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserResponse"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserUpdate"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserResponse"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConfig: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublicConfig"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountExport"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description The `id` of the last event of the page before. */
                before?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventInfo"][];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `authentication_failed`: Invalid email or password. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reauthenticate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reauthenticate"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /**
             * @description `invalid_code`: The code is invalid, expired or already used. This attempt has used it up.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_password`: Invalid password. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exchangeCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Exchange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /**
             * @description `invalid_code`: The code is invalid, expired or already used. This attempt has used it up.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `account_disabled`: This account is disabled. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    handOver: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExchangeChallenge"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExchangeCode"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Register"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegistrationPending"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `registration_closed`: Registration is closed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `email_taken`: A user with this email address already exists. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirmRegistration: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmRegistration"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /**
             * @description `invalid_link`: This link is invalid, expired or used. Request a new mail.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `invalid_password`: Invalid password.
             *
             *     `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate.
             */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailAddress"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirmPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RenewedDevice"];
                };
            };
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `invalid_link`: This link is invalid, expired or used. Request a new mail.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verifyEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MailToken"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `invalid_link`: This link is invalid, expired or used. Request a new mail.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resendVerification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailAddress"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirmEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MailToken"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `invalid_link`: This link is invalid, expired or used. Request a new mail.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `email_taken`: A user with this email address already exists. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undoChanges: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MailToken"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `invalid_link`: This link is invalid, expired or used. Request a new mail.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `email_taken`: A user with this email address already exists. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionInfo"][];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeOtherSessions: {
        parameters: {
            query?: {
                include_current?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                handle: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: No resource was found at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startSignIn: {
        parameters: {
            query?: {
                /** @description A path on the front end, returned at the end. */
                next?: string;
                /** @description The front end's own, returned at the end. */
                state?: string;
                /** @description With it, the front end gets `?code=` instead of `?session=`. */
                code_challenge?: string;
                /** @description `pages`: the sign-in ends at the pages of this service, if it has any. Else at the front end. */
                landing?: string;
                /** @description From the `authorize_url` of `…/link`. */
                link?: string;
            };
            header?: never;
            path: {
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Found */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `permission_denied`: You do not have permission to do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `provider_not_found`: This provider does not exist or is not configured. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    finishSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Found */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `permission_denied`: You do not have permission to do this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    signInWithIdToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                provider: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IdToken"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /**
             * @description `invalid_id_token`: The ID token is invalid or was used before.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `email_unverified`: The provider has not verified the email address.
             *
             *     `account_disabled`: This account is disabled.
             *
             *     `registration_closed`: Registration is closed.
             */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `provider_not_found`: This provider does not exist or is not configured. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `account_exists`: An account with this email address exists. Log in to it, then link the provider. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `provider_unavailable`: The provider did not answer in time.
             *
             *     `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startLink: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuthorizeUrl"];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `provider_not_found`: This provider does not exist or is not configured. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listConnections: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderConnection"][];
                };
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    completeLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkCode"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderConnection"];
                };
            };
            /**
             * @description `invalid_code`: The code is invalid, expired or already used. This attempt has used it up.
             *
             *     `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_linked`: This identity has an account already, or this account has another identity of the provider. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: Send JSON in UTF-8 with Content-Type: application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `validation_error`: Some fields are invalid; see errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many attempts. Wait for the seconds in Retry-After. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    RateLimit?: string;
                    /** @description draft-ietf-httpapi-ratelimit-headers-11 */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteConnection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_authenticated`: Send a session token: Authorization: Bearer <token>.
             *
             *     `session_expired`: The session token is invalid, expired or revoked.
             */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `reauthentication_required`: This request needs a recent login: authenticate again at /api/auth/reauthenticate. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: No resource was found at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `last_login_method`: This is the last login method of the account. Set a password first. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: A request body may have at most 64 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `server_error`: An unexpected error occurred on the server and was logged. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `server_busy`: Too many users need the server right now. The request was not processed; try again.
             *
             *     `service_unavailable`: The service is temporarily unavailable. Tokens stay valid; try again.
             */
            503: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
