INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
SELECT 'user' || n, '', email, true, now(), now()
FROM bench.users;

INSERT INTO session (id, "userId", token, "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent")
SELECT 'session' || n, 'user' || user_id, left(body, 32), now() + interval '7 days', now(), now(), '127.0.0.1', agent
FROM bench.sessions;
