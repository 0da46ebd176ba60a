INSERT INTO auth_user
    (id, username, email, password, first_name, last_name, is_active, is_staff, is_superuser, date_joined)
SELECT n, email, email, 'argon2' || hash, '', '', true, false, false, now()
FROM bench.users;

INSERT INTO account_emailaddress (email, verified, "primary", user_id)
SELECT email, true, true, n
FROM bench.users;

INSERT INTO usersessions_usersession (user_id, created_at, ip, last_seen_at, session_key, user_agent, data)
SELECT user_id, now(), '127.0.0.1', now(), left(body, 32), agent, '{}'
FROM bench.sessions;
