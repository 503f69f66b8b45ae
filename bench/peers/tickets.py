"""django-helpdesk, as little of it as takes mail in: one queue, one IMAP folder, SQLite, no mail sent.

    python bench/peers/tickets.py FOLDER prepare|fetch|count

It runs in the environment of django-helpdesk, so it knows nothing of Amends; the mailbox stands in IMAP_HOST,
IMAP_PORT, IMAP_USER and IMAP_PASS. `count` prints how many tickets and answers there are, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

FOLDER, STEP = Path(sys.argv[1]), sys.argv[2]
_CONTRIB = ("admin", "auth", "contenttypes", "humanize", "messages", "sessions", "sites", "staticfiles")

settings.configure(
    SECRET_KEY="of the bench",  # noqa: S106 - nobody else's
    ROOT_URLCONF=__name__,
    SITE_ID=1,
    USE_TZ=True,
    STATIC_URL="/static/",
    MEDIA_URL="/media/",
    MEDIA_ROOT=str(FOLDER / "media"),
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    HELPDESK_TEAMS_MODE_ENABLED=False,
    HELPDESK_KANBAN_BOARD_ENABLED=False,
    INSTALLED_APPS=[*(f"django.contrib.{name}" for name in _CONTRIB), "rest_framework", "helpdesk"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "helpdesk.db")}},
)
django.setup()
urlpatterns: list[Any] = [path("", include("helpdesk.urls", namespace="helpdesk"))]


def prepare() -> None:
    """An empty database and a queue that takes in the mail of this mailbox."""
    from helpdesk.models import Queue  # noqa: PLC0415 - models exist once Django is set up

    call_command("migrate", verbosity=0)
    Queue.objects.create(
        title="Support",
        slug="support",
        email_address="support@example.com",
        allow_email_submission=True,
        email_box_type="imap",
        email_box_ssl=False,
        email_box_host=os.environ["IMAP_HOST"],
        email_box_port=int(os.environ["IMAP_PORT"]),
        email_box_user=os.environ["IMAP_USER"],
        email_box_pass=os.environ["IMAP_PASS"],
        email_box_imap_folder="INBOX",
        email_box_interval=0,
        email_box_last_check=datetime(2026, 1, 1, tzinfo=UTC),
        logging_type="none",
    )


def fetch() -> None:
    """One look into the mailbox, as its cron job takes it."""
    call_command("get_email", quiet=True)


def count() -> None:
    """How many tickets, and how many answers beside them."""
    from helpdesk.models import FollowUp, Ticket  # noqa: PLC0415 - models exist once Django is set up

    print(json.dumps({"tickets": Ticket.objects.count(), "followups": FollowUp.objects.count()}))


{"prepare": prepare, "fetch": fetch, "count": count}[STEP]()
