INSERT INTO accounts_user
    (id, email, display_name, password, is_active, is_staff, is_superuser, created_at, updated_at)
SELECT md5(n::text)::uuid, email, '', 'argon2' || hash, true, false, false, now(), now()
FROM bench.users;

INSERT INTO sessions_api_session
    (id, digest, user_id, created_at, updated_at, expires_at, last_seen_at, authenticated_at, method, ip_address,
        user_agent)
SELECT md5('session' || n)::uuid, sha256(('s_' || left(body, 86))::bytea), md5(user_id::text)::uuid,
    now(), now(), now() + interval '365 days', now(), now(), 'password', '127.0.0.1', agent
FROM bench.sessions;
