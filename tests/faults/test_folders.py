"""Folders as people and providers name them, and folders that keep no keywords."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plugin.config import load
from plugin.demo.mailbox import Dovecot
from plugin.desk import open_desk
from tests.cyrus import Cyrus
from tests.faults.house import PASSWORD, Forks, House
from tests.faults.letters import letter
from tests.faults.table import record
from tests.proxy import Proxy

WATCHED = "Entwürfe & Réclamations 苦情"
NAMES = {
    "German": ("Entwürfe", "Gesendet"),
    "French": ("Brouillons", "Éléments envoyés"),
    "Spanish": ("Borradores", "Enviados"),
    "Italian": ("Bozze", "Posta inviata"),
    "Japanese": ("下書き", "送信済み"),
}
COMPLAINT = letter(1, complaint=True)


@pytest.fixture(scope="module", params=["Dovecot", "Cyrus"])
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[House]:
    """A server that marks no folder for its use."""
    folder = tmp_path_factory.mktemp("plain")
    server = (
        Cyrus(password=PASSWORD, special_use=False)
        if request.param == "Cyrus"
        else Dovecot(folder, password=PASSWORD, special_use=False, fsync="never")
    )
    with server:
        yield House(server, forks)


def test_m13_folders_are_found_by_the_names_of_five_languages(plain: House, tmp_path: Path) -> None:
    passed = []
    for language, (drafts, sent) in NAMES.items():
        with plain.account(tmp_path, more=f"folders: [{WATCHED}]", attach=False) as ours:
            ours.witness.make(WATCHED, drafts, sent)
            ours.shop.once()
            ours.witness.append(WATCHED, COMPLAINT.raw())
            ours.shop.once()
            (mail,), letters = ours.witness.folder(WATCHED), ours.witness.folder(drafts)
            found = [str(one.mail["In-Reply-To"]) for one in letters] == [COMPLAINT.message_id]
            doctor = ours.shop.amends("doctor").stdout.decode()
            if found and "complaint" in mail.flags and sent in doctor:
                passed.append(language)
    record("M13", f"{len(passed)} languages by name", len(passed) == 5, plain.server.name)
    assert passed == list(NAMES)


def test_m13_a_folder_the_server_marks_wins_over_one_with_the_right_name(each_house: House, tmp_path: Path) -> None:
    with each_house.account(tmp_path) as ours:
        ours.witness.make("Brouillons", "Entwürfe")
        ours.witness.append("INBOX", COMPLAINT.raw())
        ours.shop.once()
        lying = {name: len(ours.witness.folder(name)) for name in ("Drafts", "Brouillons", "Entwürfe")}
        right = lying == {"Drafts": 1, "Brouillons": 0, "Entwürfe": 0}
        record("M13", "marked one first", right, ours.server.name)
        assert right


def test_m14_where_no_new_keywords_are_kept_it_is_said_once_and_nothing_is_done_again(
    each_house: House, tmp_path: Path
) -> None:
    with (
        Proxy(each_house.server.host, each_house.server.port) as proxy,
        each_house.account(tmp_path, port=proxy.port) as ours,
    ):
        ours.witness.append("INBOX", COMPLAINT.raw())
        ours.allow("INBOX", "lrsi")
        ours.shop.once()
        before, drafts = ours.witness.state("INBOX"), ours.witness.state("Drafts")
        proxy.reset()
        with closing(open_desk(load(ours.shop.folder / "amends.yaml"))) as desk:
            done = sum(desk.poll("support") + desk.run_due().done for _ in range(10))
        stored = proxy.said.count(b" STORE ") + proxy.said.count(b" APPEND ")
        (case,) = ours.shop.json("cases")["cases"]
        warned = ours.shop.amends("show", case["id"]).stdout.decode().count("on this server")
        same = ours.witness.state("INBOX") == before and ours.witness.state("Drafts") == drafts and len(drafts) == 1
        figure = f"{done + stored} re-runs in 10 looks, {warned} warning"
        record("M14", figure, not done + stored and warned == 1 and same, ours.server.name)
        assert (done, stored, warned) == (0, 0, 1)
        assert same
