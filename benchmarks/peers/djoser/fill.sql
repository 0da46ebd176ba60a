INSERT INTO auth_user
    (id, username, email, password, first_name, last_name, is_active, is_staff, is_superuser, date_joined)
SELECT n, email, email, 'argon2' || hash, '', '', true, false, false, now()
FROM bench.users;

-- One token for each user is all that there can be.
INSERT INTO authtoken_token (key, user_id, created)
SELECT left(body, 40), user_id, now()
FROM bench.sessions
WHERE n = user_id;
