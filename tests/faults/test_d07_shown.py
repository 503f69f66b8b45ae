"""A mail program may not show a draft at once: the page of the case says where it lies, and the docs what to do."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from plugin.config import load
from plugin.register import Register
from plugin.store import Store
from plugin.web import create_app
from tests.faults.house import Account
from tests.faults.letters import letter
from tests.faults.passes import passes
from tests.faults.table import record

MARKS = Path(__file__).parents[2] / "docs" / "marks.md"


def test_d07_the_page_of_a_case_names_the_folder_of_its_draft_and_the_docs_how_to_have_it_shown(ours: Account) -> None:
    ours.witness.append("INBOX", letter(0, complaint=True).raw())
    passes(ours.shop, 1)
    settings = load(ours.shop.folder / "amends.yaml")
    inboxes = {inbox.name: inbox for inbox in settings.inboxes}
    with closing(Register(Store(settings.store), settings.calendars, inboxes)) as register:
        (case,) = register.cases()
        page = create_app(register).test_client().get(f"/cases/{case['id']}").text
    named = "It lies in the folder Drafts of the mail program" in page
    told = MARKS.read_text("utf-8").partition("## The draft is not there")[2]
    programs = {name for name in ("Apple Mail", "Outlook", "Thunderbird", "K-9 Mail") if re.search(rf"\| {name}", told)}
    right = named and len(programs) == 4
    record("D07", f"the case names the folder; docs/marks.md tells {len(programs)} mail programs", right)
    assert right
