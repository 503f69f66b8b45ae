"""Other programs that read a mailbox, on the mailbox Amends works off: django-helpdesk and imapautofiler.

Each has an environment of its own, made by `make bench-peers` from the pinned requirements beside this file.
"""
