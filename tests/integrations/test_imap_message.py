"""Bytes from a mailbox become messages; mails made to break the reading end in one kind of error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from integrations.imap.message import Unparsable, Whose, fingerprint, parse
from plugin.model import Address, Attachment, Direction, Message, Origin, Place

MAILS = Path(__file__).parent.parent / "mails"
ARRIVED = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SUPPORT = Address("support@example.com", "Example Support")
SALES = Address("sales@example.com", "Example Sales")
WHOSE = Whose((SUPPORT, SALES), ("support@example.com", "@example.com"))
TOP = "Received: from a.example by mx.example.com; Fri, 20 Nov 2026 10:00:00 +0000"


def read(raw: bytes, *, sent: bool = False, arrived: datetime = ARRIVED, nth: int = 1, whose: Whose = WHOSE) -> Message:
    """The message in these bytes."""
    place = Place("INBOX", 1, 7)
    return parse(
        raw, inbox="support", place=place, internal_date=arrived, whose=whose, sent=sent, historic=False, nth=nth
    )


def stored(name: str) -> Message:
    """The message in a file of `tests/mails`."""
    return read((MAILS / f"{name}.eml").read_bytes())


def mail(*fields: str, body: str = "The kettle leaks.", sender: str = "Anna <anna@web.example>") -> bytes:
    """A small mail from a customer with some more fields."""
    given = {field.partition(":")[0].lower() for field in fields}
    usual = {"From": sender, "To": "support@example.com", "Subject": "Kettle", "Message-ID": "<m-1@web.example>"}
    lines = [*fields, *(f"{name}: {value}" for name, value in usual.items() if name.lower() not in given)]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


# What a mail says


def test_an_ordinary_mail_becomes_a_message() -> None:
    message = read(
        b"From: =?utf-8?q?J=C3=BCrgen?= M. <Juergen@Web.example>\r\nTo: Support <support@example.com>\r\n"
        b"Cc: sales@example.com\r\nSubject: =?utf-8?b?R3LDtsOfZSBmYWxzY2g=?=\r\nMessage-ID: <m-1@web.example>\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"RGFzIEtsZWlkIHBhc3N0IG5pY2h0Lg==\r\n"
    )
    assert message.sender == message.answer_to == Address("juergen@web.example", "Jürgen M.")
    assert message.to == (Address("support@example.com", "Support"), Address("sales@example.com"))
    assert (message.subject, message.text) == ("Größe falsch", "Das Kleid passt nicht.")
    assert (message.direction, message.origin, message.automatic) == (Direction.IN, Origin.DIRECT, "")
    assert (message.identity, message.at, message.message_id) == (SUPPORT, ARRIVED, "<m-1@web.example>")


def test_text_without_charset_in_an_old_encoding_keeps_its_letters() -> None:
    message = stored("latin-1-without-charset")
    assert (message.sender.name, message.subject) == ("Anna Größe", "Größe falsch")
    assert message.text == "Die Größe ist falsch."


def test_seven_bit_japanese_is_decoded() -> None:
    head = mail("Content-Type: text/plain; charset=iso-2022-jp", "Content-Transfer-Encoding: 7bit", body="")
    assert read(head + "商品が壊れて届きました".encode("iso-2022-jp")).text == "商品が壊れて届きました"


@pytest.mark.parametrize("charset", ["klingon", "punycode", "undefined", "", '"', "utf-8;x", "a" * 3000, "zlib"])
def test_an_unknown_charset_costs_no_mail(charset: str) -> None:
    fields = (f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: quoted-printable")
    assert "leaks" in read(mail(*fields)).text


def test_lines_broken_by_the_mail_program_are_joined() -> None:
    assert stored("flowed").text == (
        "The kettle that I ordered last week leaks.\n\n> What is wrong \n> with it?\n-- \nAnna"
    )


def test_html_is_read_as_text_without_what_it_hides() -> None:
    text = stored("html-with-hidden-text").text
    assert "The kettle & the lid leak." in text and "Order 4711" in text
    assert not any(word in text for word in ("offer", "alert", "color", "track", "\n\n\n"))


def test_the_plain_part_is_preferred_and_a_blank_one_is_not() -> None:
    parts = (
        "--b\r\nContent-Type: text/plain\r\n\r\n{}\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>HTML</p>\r\n--b--\r\n"
    )
    both = "Content-Type: multipart/alternative; boundary=b"
    assert read(mail(both, body=parts.format("plain"))).text == "plain"
    assert read(mail(both, body=parts.format(" \u00a0"))).text == "HTML"


def test_html_nested_too_deep_still_gives_its_words() -> None:
    body = "<div>" * 20_000 + "The kettle leaks &amp; drips." + "<script>steal()</script>"
    assert read(mail("Content-Type: text/html", body=body)).text == "The kettle leaks & drips."


def test_a_padded_table_cannot_grow_in_memory() -> None:
    rows = "<table><tr><td>" + "x" * 100_000 + "</td><td>y</td></tr>" + "<tr><td>a</td><td>b</td></tr>" * 5_000
    assert len(read(mail("Content-Type: text/html", body=rows)).text) <= 200_000


def test_text_has_no_controls_and_an_end() -> None:
    message = read(mail(body="a\0b\x1b[31m\r\nc\rd" + "x" * 300_000))
    assert message.text.startswith("ab[31m\nc\nd")
    assert len(message.text) == 200_000


def test_subjects_and_names_are_one_harmless_line() -> None:
    subject = "Subject: =?utf-8?q?Refund_=3D=3Futf-8=3FQ=3F=3D0A=3F=3DBcc=3A_evil=40x?= =?utf-8?q?=0D=0A=E2=80=AEx?="
    message = read(mail(subject, "From: =?utf-8?q?An=0D=0Ana=E2=80=AE?= <anna@web.example>"))
    assert message.subject == "Refund Bcc: evil@x x"
    assert message.sender.name == "An na"


def test_a_subject_is_clipped_to_500_characters() -> None:
    assert len(read(mail("Subject: " + "word " * 400)).subject) <= 500


def test_a_mail_with_a_line_of_a_mail_folder_on_top_is_read() -> None:
    assert read(b"From anna@web.example Fri Nov 20 10:00:00 2026\n" + mail()).subject == "Kettle"


# What is attached


def test_attachments_are_names_without_folders_and_sizes() -> None:
    message = stored("file-name-climbing-out")
    assert message.text == "See the photos."
    assert message.attachments == (Attachment("passwd", 11), Attachment("beleg größe.pdf", 4))


def test_a_mail_fetched_in_part_is_read_as_far_as_it_goes() -> None:
    body = "--b\r\nContent-Type: text/plain\r\n\r\nSee the photo.\r\n--b\r\nContent-Type: image/png\r\n\r\nAAAA"
    message = read(mail("Content-Type: multipart/mixed; boundary=b", body=body))
    assert (message.text, message.attachments) == ("See the photo.", (Attachment("unnamed (image/png)", 4),))


def test_a_multipart_without_its_boundary_shows_what_is_there() -> None:
    assert "leaks" in read(mail('Content-Type: multipart/mixed; boundary="nope', body="The kettle leaks.")).text


def test_a_seal_is_no_attachment() -> None:
    body = "--b\r\n\r\nHello\r\n--b\r\nContent-Type: application/pgp-signature; name=s.asc\r\n\r\nx\r\n--b--\r\n"
    assert read(mail("Content-Type: multipart/signed; boundary=b", body=body)).attachments == ()


# Whose mail it is


def test_an_answer_goes_to_reply_to() -> None:
    message = read(mail("Reply-To: Anna <anna@home.example>"))
    assert (message.sender.email, message.answer_to.email) == ("anna@web.example", "anna@home.example")
    assert read(mail("Reply-To: support@example.com")).answer_to.email == "anna@web.example"


@pytest.mark.parametrize("field", ["To", "Cc", "Delivered-To", "X-Original-To"])
def test_the_identity_is_the_address_that_was_written_to(field: str) -> None:
    fields = dict.fromkeys(["To"], "list@web.example") | {field: "Sales <SALES@example.com>"}
    assert read(mail(*(f"{name}: {value}" for name, value in fields.items()))).identity == SALES


@pytest.mark.parametrize(
    ("fields", "identity"),
    [
        (["To: sales@example.com", "Delivered-To: support@example.com"], SALES),
        (["To: sales+spring@example.com"], SALES),
        (["To: support@example.com, sales@example.com", "X-Original-To: sales@example.com",
          "Delivered-To: support@example.com"], SALES),
        (["To: anna@web.example", "Cc: support@example.com, sales@example.com"], SUPPORT),
        (["To: list@web.example", "X-Original-To: sales@example.com", "Delivered-To: support@example.com"], SALES),
    ],
)  # fmt: skip
def test_of_several_identities_the_one_by_which_the_mail_came_counts(fields: list[str], identity: Address) -> None:
    assert read(mail(*fields)).identity == identity


def test_an_address_of_ours_with_a_tag_is_ours() -> None:
    whose = Whose((SUPPORT,), ())
    assert read(mail(sender="support+shop@example.com"), whose=whose).direction is Direction.OUT
    assert read(mail(sender="supporter@example.com"), whose=whose).direction is Direction.IN


def test_a_mail_on_behalf_of_us_is_said_by_whoever_sent_it() -> None:
    fields = ("From: support@example.com", "Sender: Bob <bob@example.com>", "To: anna@web.example")
    message = read(mail(*fields), sent=True)
    assert (message.sender.email, message.identity, message.genuine) == ("bob@example.com", SUPPORT, True)


@pytest.mark.parametrize(
    ("sender", "channel"),
    [
        ("noreply@trustpilot.com", "review"), ("noreply@notify.feefo.com", "review"), ("no-reply@yelp.com", "review"),
        ("reviews@tripadvisor.co.uk", "review"), ("hello@reviews.io", "review"), ("noreply@booking.com", "review"),
        ("businessprofile-noreply@google.com", "review"), ("noreply@google.com", "email"),
        ("anna.4711@guest.booking.com", "email"), ("noreply@nottrustpilot.com", "email"),
        ("noreply@trustpilot.com.example", "email"), ("anna@web.example", "email"),
    ],
)  # fmt: skip
def test_what_a_review_site_mails_was_said_in_public_and_greets_no_site(sender: str, channel: str) -> None:
    message = read(mail(sender=f"The Site <{sender}>"))
    assert (message.channel, message.sender.email) == (channel, sender)
    assert message.sender.name == ("" if channel == "review" else "The Site")
    assert message.origin is Origin.DIRECT


def test_a_review_that_one_of_us_passes_on_is_one_and_a_list_of_the_sites_is_none() -> None:
    inner = "From: Trustpilot <noreply@trustpilot.com>\nDate: Fri, 20 Nov 2026\nSubject: 1 star\nTo: us"
    body = f"---------- Forwarded message ---------\n{inner}\n\nThe kettle leaks."
    assert read(mail("Subject: Fwd: 1 star", sender="sales@example.com", body=body)).channel == "review"
    news = read(mail("List-Id: <news.trustpilot.com>", sender="Trustpilot <noreply@trustpilot.com>"))
    assert (news.automatic, news.channel) == ("list", "email")
    assert read(mail(sender="noreply@trustpilot.com"), sent=True).channel == "email"


def test_without_one_of_ours_among_the_recipients_the_first_identity_counts() -> None:
    assert read(mail("To: undisclosed-recipients:;")).identity == SUPPORT


def test_a_contact_form_speaks_for_the_person_who_filled_it_in() -> None:
    message = stored("contact-form")
    assert (message.direction, message.origin, message.automatic) == (Direction.IN, Origin.FORM, "")
    assert message.sender == message.answer_to == Address("anna.meyer@web.example", "Anna Meyer")


@pytest.mark.parametrize(
    ("name", "sender", "subject", "text"),
    [
        ("attached", Address("juergen@web.example", "Jürgen"), "Straße falsch", "Es ging an die falsche Straße."),
        ("gmail", Address("carla@web.example", "Carla Rossi"), "Order 4711", "The parcel never came."),
        ("outlook-german", Address("dieter@web.example", "Dieter Groß"), "Rechnung falsch", "Sie ist zu hoch."),
        ("french", Address("elodie@web.example", "Élodie Petit"), "Colis abîmé", "Le colis est arrivé abîmé."),
        ("spanish", Address("lucia@web.example", "Lucía Gómez"), "Pedido roto", "El pedido llegó roto."),
        ("apple", Address("eve@web.example", "Eve Stone"), "Broken lamp", "The lamp was broken.\nPlease send another."),
    ],
)  # fmt: skip
def test_a_forward_by_one_of_us_speaks_for_the_inner_sender(
    name: str, sender: Address, subject: str, text: str
) -> None:
    message = stored(f"forward-{name}")
    assert (message.direction, message.origin) == (Direction.IN, Origin.FORWARD)
    assert message.sender == message.answer_to == sender
    assert (message.subject, message.text) == (subject, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("thunderbird-english", "My lamp arrived broken. This is a complaint."),
        ("thunderbird-german", "Meine Lampe kam kaputt an. Das ist eine Beschwerde."),
        ("outlook-english", "My lamp arrived broken. This is a complaint."),
        ("outlook-web-dutch", "Mijn lamp kwam kapot aan. Dit is een klacht."),
        ("gmail-italian", "La mia lampada è arrivata rotta. È un reclamo."),
        (
            "gmail-portuguese",
            "O candeeiro chegou partido. Estou muito desiludida, é uma reclamação: quero o meu dinheiro de volta.",
        ),
        ("apple-german", "Meine Lampe kam kaputt an.\nDas ist eine Beschwerde."),
        (
            "apple-french",
            "Ma lampe est arrivée cassée. Je suis très déçue, c'est une réclamation : je veux être remboursée.",
        ),
        ("of-a-forward", "My lamp arrived broken. This is a complaint."),
        ("of-an-attached-forward", "My lamp arrived broken. This is a complaint."),
        ("of-a-contact-form", "Meine Lampe kam kaputt an. Das ist eine Beschwerde."),
    ],
)
def test_a_forward_in_the_style_of_any_program_says_only_what_the_customer_wrote(name: str, text: str) -> None:
    message = stored(f"forwards/{name}")
    assert (message.direction, message.origin, message.sender.email) == ("in", Origin.FORWARD, "anna@web.example")
    assert (message.text, message.at) == (text, ARRIVED)


def test_an_attached_forward_knows_the_thread_it_comes_from() -> None:
    assert stored("forward-attached").references == ("<inner-1@web.example>",)


@pytest.mark.parametrize(
    ("name", "writer", "text"),
    [
        ("contact-form-7-english", "Nora Quinn <nora.quinn@web.example>",
         "The lamp arrived in pieces. I am very disappointed.\n\nThis is a complaint: I want a replacement."),
        ("contact-form-7-german", "Jörg Weber <joerg.weber@web.example>",
         "Sie haben mir die Lampe zweimal berechnet. Das ist eine Beschwerde, ich will mein Geld zurück."),
        ("wordpress-french", "Élodie Petit <elodie.petit@web.example>",
         "Ma lampe est arrivée cassée et personne ne répond.\n"
         "Je suis très déçue, c'est une réclamation : je veux être remboursée."),
        ("wix-english", "Priya Nair <priya.nair@web.example>",
         "You charged my card twice for the same lamp!\n\nI complained last week and nobody answered. "
         "I want the money back."),
        ("squarespace-italian", "Giulia Ferri <giulia.ferri@web.example>",
         "La lampada è arrivata rotta. Sono molto delusa, questo è un reclamo: voglio il rimborso."),
        ("shopify-spanish", "Lucía Gómez <lucia.gomez@web.example>",
         "Número de pedido: LL-77120\n\nEl pedido llegó roto y nadie me contesta. Estoy muy decepcionada.\n"
         "Esto es una reclamación: quiero que me devuelvan el dinero."),
        ("typeform-dutch", "Sanne de Vries <sanne.devries@web.example>",
         "De lamp is kapot aangekomen en ik krijg geen antwoord. Dit is een klacht, ik wil mijn geld terug."),
        ("jotform-german-table", "Petra Vogel <petra.vogel@web.example>",
         "Bestellnummer: LL-10977\n\nMeine Lampe ist nach drei Tagen kaputt gegangen.\n\n"
         "Order und Rechnung habe ich noch. Das ist eine Beschwerde, ich bin sehr "
         "enttäuscht und möchte mein Geld zurück."),
        ("google-forms-portuguese", "Inês Duarte <ines.duarte@web.example>",
         "O candeeiro chegou partido e ninguém responde. Estou muito desiludida, isto é uma reclamação: quero o meu "
         "dinheiro de volta."),
        ("one-line-english", "Omar Haddad <omar.haddad@web.example>",
         "My parcel never came. This is a complaint, I want my money back."),
        ("decorated-german", "Ayşe Yılmaz <ayse.yilmaz@web.example>",
         "Ihr Mitarbeiter war am Telefon unverschämt.\nDatum: das war am 12. November.\n"
         "E-Mail: auf meine letzte E-Mail kam keine Antwort. Ich beschwere mich hiermit."),
    ],
)  # fmt: skip
def test_of_what_a_form_mails_the_writer_and_his_own_words_are_kept(name: str, writer: str, text: str) -> None:
    message = stored(f"forms/{name}")
    assert (message.direction, message.origin, message.automatic) == (Direction.IN, Origin.FORM, "")
    assert (str(message.sender), str(message.answer_to)) == (writer, writer)
    assert message.text == text


FORM = "Name: Anna\nE-Mail: anna@web.example\nMessage: The kettle leaks."


def test_of_several_to_answer_to_the_one_who_filled_in_the_form_is_meant() -> None:
    fields = ("From: www@example.com", "Reply-To: Web <web@agency.example>, anna@web.example, support@example.com")
    assert str(read(mail(*fields, body=FORM)).answer_to) == "Anna <anna@web.example>"
    assert read(mail(*fields, body="It leaks.")).answer_to.email == "web@agency.example"


def test_a_form_that_names_one_of_us_speaks_for_nobody_else() -> None:
    fields = ("From: www@example.com", "Reply-To: support@example.com")
    assert read(mail(*fields, body=FORM.replace("anna@web.example", "bob@example.com"))).direction is Direction.OUT


def test_a_persons_mail_that_looks_like_a_form_is_that_persons() -> None:
    message = read(mail("From: Max <max@web.example>", body=FORM))
    assert (message.origin, message.sender.email, message.text) == (Origin.DIRECT, "max@web.example", FORM)


def test_a_form_says_nothing_of_a_thread_unless_our_own_server_vouches_for_it() -> None:
    fields = ("From: www@example.com", "Reply-To: anna@web.example", "In-Reply-To: <ours@example.com>")
    seal = "Authentication-Results: mx.example.com; dkim=pass header.d=example.com"
    assert read(mail(*fields)).references == ()
    assert read(mail(seal, TOP, *fields)).references == ("<ours@example.com>",)


def test_our_answer_to_a_customer_is_no_form_whatever_its_reply_to() -> None:
    fields = ("From: bob@example.com", "To: anna@web.example", "Cc: support@example.com", "Reply-To: bob@home.example")
    assert read(mail(*fields)).direction is Direction.OUT


def test_a_form_with_a_copy_to_its_writer_is_still_one() -> None:
    fields = ("From: www@example.com", "Cc: anna@web.example", "Reply-To: anna@web.example")
    assert read(mail(*fields)).origin is Origin.FORM


def test_an_attached_forward_brings_its_attachments() -> None:
    assert stored("forward-attached").attachments == (Attachment("beleg.jpg", 10),)


def test_an_answer_that_quotes_the_original_is_no_forward() -> None:
    message = stored("answer-with-original")
    assert (message.direction, message.sender.email) == (Direction.OUT, "bob@example.com")
    assert message.text.startswith("We are sorry")
    among_us = (
        (MAILS / "answer-with-original.eml").read_bytes().replace(b"To: Carla Rossi <carla@web.example>\nCc", b"To")
    )
    assert read(among_us.replace(b"Subject: Order", b"Subject: AW: Order", 1)).direction is Direction.OUT


def test_a_forward_by_a_stranger_is_his_own_mail() -> None:
    raw = (MAILS / "forward-attached.eml").read_bytes().replace(b"Bob <bob@example.com>", b"Max <max@web.example>")
    message = read(raw)
    assert (message.origin, message.sender.email, message.text) == (
        Origin.DIRECT,
        "max@web.example",
        "This one landed on my desk.",
    )
    assert [attachment.name for attachment in message.attachments] == ["mail.eml"]


def test_what_lies_in_sent_is_ours_and_genuine() -> None:
    message = read(mail("From: Alias <alias@other.example>", "To: anna@web.example"), sent=True)
    assert (message.direction, message.genuine) == (Direction.OUT, True)


@pytest.mark.parametrize(
    ("result", "genuine"),
    [
        ("mx.example.com; dkim=pass header.d=example.com", True),
        ("mx.example.com; dkim=pass header.i=@example.com header.s=a", True),
        ("mx.example.com; dmarc=pass header.from=example.com", True),
        ("mx.example.com; dkim=pass header.d=elsewhere.example", False),
        ("mx.example.com; dkim=pass", False),
        ("mx.example.com; dkim=fail header.d=example.com", False),
        ("mx.example.com; dkim=pass header.d=example.com; dmarc=fail", False),
        ("mx.example.com; dkim=none", False),
        ("mx.example.com; dkim=temperror header.d=example.com; dmarc=none", False),
        ("mx.example.com; spf=pass smtp.mailfrom=example.com", False),
        ("mx.example.com; dkim=fail header.d=example.com; dkim=pass header.d=example.com", True),
    ],
)
def test_a_mail_of_ours_elsewhere_is_genuine_if_the_receiving_server_vouches_for_it(result: str, genuine: bool) -> None:
    message = read(mail(f"Authentication-Results: {result}", TOP, "To: anna@web.example", sender="bob@example.com"))
    assert (message.direction, message.genuine) == (Direction.OUT, genuine)


@pytest.mark.parametrize(
    "own",
    [
        ["Authentication-Results: mx.example.com; dkim=none", TOP],
        ["Authentication-Results: mx.example.com; spf=none", TOP],
        [TOP, "Authentication-Results: mx.example.com; dkim=fail header.d=example.com"],
        [TOP, "Authentication-Results: mx.example.com; dkim=none"],
        [TOP, "Received: from a by mx.example.com"],
    ],
)
def test_a_result_written_by_the_sender_below_our_servers_own_counts_for_nothing(own: list[str]) -> None:
    forged = "Authentication-Results: mx.example.com; dkim=pass header.d=example.com"
    assert not read(mail(*own, forged, "To: anna@web.example", sender="bob@example.com")).genuine


def test_our_identities_are_ours_without_being_listed() -> None:
    assert (
        read(mail("To: anna@web.example", sender="support@example.com"), whose=Whose((SUPPORT,), ())).direction == "out"
    )


def test_our_own_reminder_is_an_automatic_mail_of_ours() -> None:
    fields = (
        "From: Amends <support@example.com>",
        "To: Amends <support@example.com>",
        "Auto-Submitted: auto-generated",
    )
    message = read(mail(*fields, body="From: Anna <anna@web.example>\nSubject: Kettle\n\nIt leaks."))
    assert (message.direction, message.automatic) == (Direction.OUT, "auto-reply")


def test_a_broken_from_still_names_its_sender() -> None:
    assert read(b'From: "=?utf-8?B?\xff\xfe?= <x@y.example\r\nSubject: s\r\n\r\nb').sender.email == "x@y.example"
    assert read(mail("From: =?utf-8?b?A?= <x@y.example>")).sender == Address("x@y.example")
    assert read(mail("From: =?a\0b?q?A?= <x@y.example>", "Subject: =?a\0?q?A?= b")).subject == "= ?a ?q?A?= b"
    assert read(mail("From: ", "Return-Path: <anna@web.example>")).sender.email == "anna@web.example"


def test_a_mail_that_names_no_sender_is_unparsable() -> None:
    with pytest.raises(Unparsable, match="names no sender"):
        read(b"\r\n\r\nno header at all \x80\x81\xff\r\n")


# Whom to trust


@pytest.mark.parametrize(
    ("fields", "trusted"),
    [
        (["Authentication-Results: mx.example.com; dmarc=pass", TOP], True),
        (["Authentication-Results: other.example; spf=none; dmarc=fail (p=none)", TOP], False),
        ([TOP, "Authentication-Results: MX.example.com 1; dmarc=pass", "Received: from x by y"], True),
        ([TOP, "Authentication-Results: liar.example; dmarc=pass", "Received: from x by y"], None),
        ([TOP, "Received: from x by mx.example.com", "Authentication-Results: mx.example.com; dmarc=pass"], None),
        ([TOP, "X-Note: Authentication-Results: mx.example.com; dmarc=pass"], None),
        (["Authentication-Results: mx.example.com; dmarc=none", TOP], None),
        (["Authentication-Results: mx.example.com; spf=pass (dmarc=pass; dmarc=pass)", TOP], None),
        ([TOP], None),
    ],
)
def test_only_the_receiving_server_is_believed(fields: list[str], trusted: bool | None) -> None:
    assert read(mail(*fields)).trusted is trusted


def test_gmails_inner_hand_over_does_not_hide_its_verdict() -> None:
    assert stored("gmail-verdict").trusted is True


# What a machine wrote


@pytest.mark.parametrize("name", ["report", "headers-only", "qmail"])
def test_a_bounce_names_the_mail_that_did_not_arrive(name: str) -> None:
    message = stored(f"bounce-{name}")
    assert (message.automatic, message.bounced) == ("bounce", "<our-answer@example.com>")


def test_a_bounce_by_our_own_server_is_no_word_of_ours() -> None:
    fields = ("From: MAILER-DAEMON@example.com", "Return-Path: <>", "In-Reply-To: <our-answer@example.com>")
    for body in ("550 no such user", FORM, "From: Anna <anna@web.example>\nTo: us\nSubject: Kettle\n\nIt leaks."):
        message = read(mail(*fields, body=body))
        assert (message.direction, message.automatic, message.bounced) == ("in", "bounce", "<our-answer@example.com>")


def test_the_words_of_the_returned_mail_are_not_the_senders() -> None:
    assert stored("bounce-report").text == "The mail could not be delivered."


def test_a_bounce_without_the_mail_names_its_parent() -> None:
    fields = ("From: MAILER-DAEMON@mx.example", "References: <a@x> <b@x>")
    assert read(mail(*fields)).bounced == "<b@x>"


def test_a_postmaster_may_also_be_a_person() -> None:
    assert read(mail("From: postmaster@web.example", "Subject: Undeliverable: Re: Kettle")).automatic == "bounce"
    assert read(mail("From: postmaster@web.example")).automatic == ""


def test_a_delay_is_no_bounce() -> None:
    message = stored("delivery-delayed")
    assert (message.automatic, message.bounced) == ("auto-reply", "")


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; owner=x", "X-Autoreply: yes",
        "X-Autorespond: x", "Precedence: auto_reply", "Return-Path: <>", "X-Amends-Case: c0ffee",
        "Message-ID: <amends.0123456789abcdef01234567@web.example>",
        "Subject: Out of office: Kettle", "Subject: Automatic reply: Kettle", "Subject: Out of Office",
        "Subject: Automatische Antwort: Kessel", "Subject: Abwesenheitsnotiz", "Subject: Abwesend bis Montag",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique=3A_x?=", "Subject: Absence du bureau",
        "Subject: Respuesta automática: x", "Subject: Fuera de la oficina",
        "Subject: Risposta automatica: x", "Subject: Fuori sede",
        "Subject: Automatisch antwoord: x", "Subject: Afwezig: x",
    ],
)  # fmt: skip
def test_an_automatic_reply_is_known(field: str) -> None:
    assert read(mail(field)).automatic == "auto-reply"


@pytest.mark.parametrize(
    "field",
    ["List-Id: <news.web.example>", "List-Unsubscribe: <https://x>", "List-Post: <mailto:l@web.example>",
     "Precedence: bulk", "Precedence: LIST", "Precedence: junk"],
)  # fmt: skip
def test_list_mail_is_known(field: str) -> None:
    assert read(mail(field)).automatic == "list"


@pytest.mark.parametrize(
    "field",
    [
        "X-Auto-Response-Suppress: All", "X-Auto-Response-Suppress: DR, OOF, AutoReply", "Auto-Submitted: no",
        "Precedence: first-class", "Subject: Re: Out of office", "Subject: Out of office all week and no answer",
        "Subject: Absence totale de réponse", "Return-Path: <anna@web.example>",
    ],
)  # fmt: skip
def test_what_a_person_wrote_is_not_taken_for_a_machine(field: str) -> None:
    assert read(mail(field)).automatic == ""


def test_a_group_address_of_our_own_makes_no_list_mail() -> None:
    fields = ("List-Id: <support.example.com>", "List-Post: <mailto:support@example.com>", "Precedence: list")
    assert read(mail(*fields)).automatic == ""


# Threads, times and marks


def test_references_are_the_ancestry_with_the_parent_last() -> None:
    fields = ("References: <a@x>\r\n\t<b@x> <a@x> junk <c d@x> <c@x>", "In-Reply-To: Anna's mail <b@x>")
    assert read(mail(*fields)).references == ("<a@x>", "<c@x>", "<b@x>")


def test_references_are_the_youngest_hundred() -> None:
    found = read(mail("References: " + " ".join(f"<{n}@x>" for n in range(300)))).references
    assert (len(found), found[-1]) == (100, "<299@x>")


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Fri, 20 Nov 2026 09:30:00 +0000", ARRIVED - timedelta(minutes=30)),
        ("Thu, 19 Nov 2026 12:00:00 +0200", ARRIVED - timedelta(days=1)),
        ("Fri, 20 Nov 2026 10:00:01 +0000", ARRIVED),
        ("Thu, 19 Nov 2026 09:59:59 +0000", ARRIVED),
        ("Foo, 99 Abc 20266 99:99:99 +9999", ARRIVED),
        ("", ARRIVED),
    ],
)
def test_an_answer_of_ours_is_dated_as_sent_within_reason(date: str, at: datetime) -> None:
    assert read(mail(f"Date: {date}", sender="bob@example.com"), sent=True).at == at


def test_a_mail_to_us_is_dated_as_received() -> None:
    arrived = datetime(2026, 11, 20, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    message = read(mail("Date: Fri, 20 Nov 2026 09:30:00 +0000"), arrived=arrived)
    assert (message.at, message.at.tzinfo) == (ARRIVED, UTC)


def test_our_marks_are_read_where_they_are_well_formed() -> None:
    message = read(mail("X-Amends-Case: abc123", "X-Amends-Draft: <d-1@example.com>"))
    assert (message.case_mark, message.draft_mark) == ("abc123", "<d-1@example.com>")
    bad = read(mail("X-Amends-Case: ABC 123'--", "X-Amends-Draft: nothing"))
    assert (bad.case_mark, bad.draft_mark) == ("", "")


# The same mail, another mail


def test_a_mail_delivered_again_has_the_same_key() -> None:
    once = read(mail())
    again = read(
        TOP.encode() + b"\r\nDelivered-To: x@example.com\r\n" + mail() + b"\r\n", arrived=ARRIVED + timedelta(hours=1)
    )
    assert once.key == again.key == read(mail().replace(b"\r\n", b"\n")).key
    assert len(once.key) == 24


def test_a_message_id_used_again_for_other_words_has_another_key() -> None:
    assert read(mail(body="one")).key != read(mail(body="two")).key
    assert read(mail("Subject: one")).key != read(mail("Subject: two")).key


def test_equal_mails_without_a_message_id_are_told_apart_by_time_and_number() -> None:
    bare = mail().replace(b"Message-ID: <m-1@web.example>\r\n", b"")
    keys = {read(bare).key, read(bare, arrived=ARRIVED + timedelta(seconds=1)).key, read(bare, nth=2).key}
    assert len(keys) == 3
    assert read(mail(), nth=2).key == read(mail()).key


def test_a_fingerprint_needs_the_header_only() -> None:
    head = mail("Date: Fri, 20 Nov 2026 09:30:00 +0000").split(b"\r\n\r\n")[0]
    assert fingerprint(head) == fingerprint(TOP.encode() + b"\r\n" + head + b"\r\n\r\n")
    assert fingerprint(head) != fingerprint(head.replace(b"Kettle", b"Lamp"))
    assert fingerprint(head, 100) == fingerprint(head, 100) != fingerprint(head, 101)


# Mails made to break the reading

_NESTED = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(1_500))
POISON = {
    "an id that is none": mail("Message-ID: <a@[b"),
    "a charset that is none": mail("Content-Type: text/plain; charset=klingon"),
    "five thousand brackets": mail("To: " + "(" * 5_000),
    "parts within parts": mail(_NESTED.removesuffix("\r\n"), body=""),
    "encoded words by the thousand": mail("Subject: " + " ".join(["=?utf-8?q?x?="] * 20_000)),
    "encoded words that just fit": mail("Subject: " + " ".join(["=?utf-8?q?x?="] * 4_000)),
    "a hundred thousand parts": mail("Content-Type: multipart/mixed; boundary=b", body="--b\r\n\r\n" * 100_000),
    "a thousand parts": mail("Content-Type: multipart/mixed; boundary=b", body="--b\r\n\r\n" * 1_000),
    "five thousand addresses": mail("To: " + ", ".join(f"a{n}@b.example" for n in range(5_000))),
    "two thousand short addresses": mail("To: " + "a@b," * 2_000),
    "a header without end": mail("X: " + "x" * 70_000),
    "fields without end": mail(*["a: b"] * 20_000),
    "lines like boundaries": mail("Content-Type: multipart/mixed; boundary=b", body="--bb\r\n" * 50_000),
    "an unclosed base64": mail("Content-Transfer-Encoding: base64", body="!!!!not base64"),
    "an empty boundary": mail('Content-Type: multipart/alternative; boundary=""', body="----\r\n" * 50),
    "a null charset": mail("Content-Type: text/plain; charset=\0"),
    "a parameter continued for ever": mail("Content-Type: text/plain; name*0=a; name*99999999999999999999=b"),
    "a percent-coded name in no charset": mail("Content-Disposition: attachment; filename*=klingon'x'%ff%00"),
    "flowing without end": mail("Content-Type: text/plain; format=flowed", body="a \r\n" * 200_000),
    "parameters without end": mail('Content-Type: text/plain; charset*0="' + ';"' * 25_000),
    "a name in punycode": mail("From: =?punycode?q?" + "a-b9" * 12_000 + "?= <a@b.example>"),
    "raw bytes": bytes(range(256)) * 50,
    "nothing": b"",
    "one colon": b":",
    "styles without end": mail("Content-Type: text/html", body="<p style='" * 20_000),
    "margins": mail("Content-Type: text/html", body='<p style="margin-top:99999em;padding-left:99999em">x' * 2_000),
    "scripts without end": mail("Content-Type: text/html", body="<script" * 40_000),
    "comments without end": mail("Content-Type: text/html", body="<!--" * 70_000),
    "lists in lists": mail("Content-Type: text/html", body="<ul><li>x" * 30_000),
    "an inner mail that is poison": mail(
        "From: bob@example.com",
        "Content-Type: message/rfc822",
        body="Subject: " + "=?utf-8?q?x?= " * 1_000,
    ),
}


@pytest.mark.parametrize("what", POISON)
def test_poison_is_read_or_refused_and_never_more(what: str) -> None:
    try:
        assert isinstance(read(POISON[what]), Message)
    except Unparsable as refused:
        assert refused.reason


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        ("parts within parts", "nested deeper"),
        ("encoded words by the thousand", "64 KiB"),
        ("encoded words that just fit", "encoded words"),
        ("a hundred thousand parts", "boundary lines"),
        ("two thousand short addresses", "addresses"),
        ("lines like boundaries", "boundary lines"),
        ("a thousand parts", "500 parts"),
        ("a header without end", "64 KiB"),
    ],
)
def test_a_refused_mail_names_the_limit_it_breaks(what: str, limit: str) -> None:
    with pytest.raises(Unparsable, match=limit):
        read(POISON[what])
