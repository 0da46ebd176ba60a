INSERT INTO "user" (id, email, display_name, hashed_password)
SELECT md5(n::text)::uuid, email, '', hash
FROM bench.users;

INSERT INTO session (id, user_id, expires_at)
SELECT 's_' || left(body, 86), md5(user_id::text)::uuid, now() + interval '365 days'
FROM bench.sessions;
