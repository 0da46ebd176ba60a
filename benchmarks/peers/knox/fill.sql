INSERT INTO auth_user
    (id, username, email, password, first_name, last_name, is_active, is_staff, is_superuser, date_joined)
SELECT n, email, email, 'argon2' || hash, '', '', true, false, false, now()
FROM bench.users;

INSERT INTO knox_authtoken (digest, token_key, user_id, created, expiry)
SELECT encode(sha512(left(body, 64)::bytea), 'hex'), left(body, 15), user_id, now(), now() + interval '10 hours'
FROM bench.sessions;
