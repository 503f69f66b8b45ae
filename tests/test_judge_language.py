"""The language of a few words is told, and nothing is guessed where nothing tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.judge.language import LANGUAGES, language, languages

SHORT = {
    "en": ["my parcel never arrived", "Where is my order?", "the kettle you sent is broken", "I want my money back",
           "nobody answers the phone", "still waiting for a reply", "Thank you for your help"],
    "de": ["mein Paket ist nicht da", "Wo bleibt meine Bestellung?", "der Wasserkocher ist kaputt",
          "Ich will mein Geld zurück",
           "niemand geht ans Telefon", "immer noch keine Antwort", "vielen Dank für die Hilfe"],
    "fr": ["mon colis n'est pas arrivé", "Où est ma commande ?", "la bouilloire est cassée", "Je veux mon argent",
           "personne ne répond au téléphone", "toujours pas de réponse", "merci pour votre aide"],
    "es": ["mi paquete no ha llegado", "¿Dónde está mi pedido?", "la tetera está rota", "Quiero mi dinero de vuelta",
           "nadie contesta el teléfono", "todavía no hay respuesta", "gracias por su ayuda"],
    "it": ["il mio pacco non è arrivato", "Dov'è il mio ordine?", "il bollitore è rotto", "Voglio i miei soldi",
           "nessuno risponde al telefono", "ancora nessuna risposta da voi", "grazie per il vostro aiuto"],
    "pt": ["a minha encomenda não chegou", "Onde está o meu pedido?", "a chaleira está partida", "Quero o meu dinheiro",
           "ninguém atende o telefone", "ainda não tenho resposta", "obrigado pela sua ajuda"],
    "nl": ["mijn pakket is er niet", "Waar blijft mijn bestelling?", "de waterkoker is kapot", "Ik wil mijn geld terug",
           "niemand neemt de telefoon op", "nog steeds geen antwoord", "bedankt voor uw hulp"],
    "pl": ["moja paczka nie dotarła", "Gdzie jest moje zamówienie?", "czajnik jest zepsuty",
           "nikt nie odbiera telefonu"],
    "tr": ["siparişim hala gelmedi", "ürün bozuk geldi, para iadesi istiyorum"],
    "ru": ["моя посылка не пришла", "чайник сломан, верните деньги"],
    "ja": ["荷物がまだ届きません", "返金してください"],
}  # fmt: skip


@pytest.mark.parametrize(("spoken", "text"), [(spoken, text) for spoken, texts in SHORT.items() for text in texts])
def test_a_short_sentence_is_told_by_its_words(spoken: str, text: str) -> None:
    assert language(text) == spoken
    assert language(text.upper().replace("İ", "I")) == spoken or spoken == "tr"


@pytest.mark.parametrize(
    ("spoken", "text"),
    [
        ("de", "Grosse Enttaeuschung fuer uns, das Geraet ist schon wieder kaputt"),
        ("fr", "Je n'ai toujours pas recu ma commande, c'est inadmissible"),
        ("es", "Todavia no ha llegado mi pedido y nadie me contesta"),
        ("pt", "Ainda nao recebi a minha encomenda e ninguem responde"),
        ("it", "Non ho ancora ricevuto il pacco, perche?"),
    ],
)
def test_a_text_typed_without_accents_is_told_too(spoken: str, text: str) -> None:
    assert language(text) == spoken


def test_a_foreign_name_or_a_quoted_word_changes_nothing() -> None:
    assert language("My order of the Grüner Wasserkocher from Straße des 17. Juni never arrived") == "en"
    assert language("Ich habe das Ticket für 'The Lion King' immer noch nicht bekommen") == "de"


@pytest.mark.parametrize("text", ["", "\n", "4711-22", "Anna Smith", "xyzzy plugh", "!!! 100 %"])
def test_where_nothing_tells_no_language_is_guessed(text: str) -> None:
    assert language(text) == ""


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    assert language("my order is not here and I want it. " * 30 + "und das ist nicht gut " * 10_000) == "en"


def test_of_a_text_in_two_languages_both_are_told() -> None:
    both = "I want my money back and this is not good ich will mein Geld und das ist nicht gut für uns"
    assert set(languages(both.split())) == {"en", "de"}
    assert languages([]) == () and languages(["Где", "мой", "заказ"]) == ("ru",)


@given(st.text())
def test_every_text_gets_a_known_language_or_none(text: str) -> None:
    assert language(text) in {*LANGUAGES, ""}
    assert set(languages(text.split())) <= set(LANGUAGES)
