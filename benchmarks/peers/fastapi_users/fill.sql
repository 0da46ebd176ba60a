INSERT INTO "user" (id, email, hashed_password, is_active, is_superuser, is_verified)
SELECT md5(n::text)::uuid, email, hash, true, false, true
FROM bench.users;

INSERT INTO accesstoken (token, user_id, created_at)
SELECT left(body, 43), md5(user_id::text)::uuid, now()
FROM bench.sessions;
