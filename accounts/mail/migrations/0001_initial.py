"""The queue of mails, their tokens, and the trigger that revokes the tokens of a user who is disabled.

Revert tokens stay, because the owner of the mailbox may need them after an administrator enables the user again. The
API refuses them until then.
"""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.mail.queue
from sessions_api.vendor_sql import vendor_sql

TRIGGER = {
    "postgresql": [
        """
        CREATE FUNCTION accounts_mail_revoke_tokens() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            DELETE FROM accounts_mail_onetimetoken WHERE user_id = NEW.id AND type <> 'revert';
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER accounts_mail_user_disabled AFTER UPDATE OF is_active ON accounts_user
        FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION accounts_mail_revoke_tokens()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER accounts_mail_user_disabled AFTER UPDATE OF is_active ON accounts_user
        FOR EACH ROW WHEN OLD.is_active AND NOT NEW.is_active
        BEGIN
            DELETE FROM accounts_mail_onetimetoken WHERE user_id = NEW.id AND type <> 'revert';
        END
        """
    ],
}
DROP = {
    "postgresql": [
        "DROP TRIGGER accounts_mail_user_disabled ON accounts_user",
        "DROP FUNCTION accounts_mail_revoke_tokens()",
    ],
    "sqlite": ["DROP TRIGGER accounts_mail_user_disabled"],
}


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="QueuedMail",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("verify", "Verify"),
                            ("change", "Change"),
                            ("reset", "Reset"),
                            ("register", "Register"),
                            ("password_changed", "Password Changed"),
                            ("email_changed", "Email Changed"),
                            ("linked", "Linked"),
                            ("unlinked", "Unlinked"),
                            ("new_device", "New Device"),
                            ("failed_logins", "Failed Logins"),
                            ("locked", "Locked"),
                            ("deleted", "Deleted"),
                        ],
                        max_length=32,
                    ),
                ),
                ("email", models.CharField(db_index=True, max_length=254, verbose_name="to")),
                ("data", models.JSONField(default=dict)),
                ("turn", models.PositiveIntegerField(default=0)),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "due_at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, null=True, verbose_name="next attempt"
                    ),
                ),
                ("give_up_at", models.DateTimeField(default=accounts.mail.queue.default_give_up_at)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="queued_mails",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["turn", "due_at"], name="mail_turns")]},
        ),
        migrations.CreateModel(
            name="OneTimeToken",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("verify", "verify the address"),
                            ("change", "verify a new address"),
                            ("reset", "choose a new password"),
                            ("register", "register"),
                            ("revert", "undo the change of a security alert"),
                        ],
                        max_length=16,
                    ),
                ),
                ("email", models.CharField(db_index=True, max_length=254)),
                ("requested_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="one_time_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("used_at", None), ("user", None)),
                        fields=("type", "email"),
                        name="one_token_for_an_unknown_address",
                    )
                ],
            },
        ),
        vendor_sql(forwards=TRIGGER, backwards=DROP),
    ]
