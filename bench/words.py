"""The sentences the measured mails are made of; `{n}` is an order number, `{d}` a number of days, `{a}` an amount."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What people write in one language; the first of `complaints` says outright that it is one."""

    charsets: tuple[str, ...]
    greeting: str
    complaints: tuple[str, ...]
    business: tuple[str, ...]
    close: str
    away: str
    offer: str


WORDS = {
    "en": Words(
        charsets=("utf-8", "us-ascii"),
        greeting="Dear customer service,",
        complaints=(
            "I am writing to make a formal complaint about my order {n}, which arrived broken.",
            "It is now {d} days since I first called, and nobody has answered me.",
            "I am very disappointed and expect a full refund of {a} EUR.",
            "Your driver left the parcel in the rain and the box was soaked through.",
            "The replacement you sent does not work either.",
        ),
        business=(
            "The price list for the coming season is attached.",
            "Could we move our call on Thursday to the early afternoon?",
            "Our stock of part {n} will be counted at the end of the month.",
            "The minutes of our last talk are below, with the names of those who take care of each point.",
            "We plan to present the new range of lamps at the fair in spring.",
        ),
        close="Kind regards",
        away="I am out of the office until next week and read my mail again on Monday.",
        offer="This week only: {d} percent off every lamp in our shop.",
    ),
    "de": Words(
        charsets=("utf-8", "iso-8859-1", "windows-1252"),
        greeting="Sehr geehrte Damen und Herren,",
        complaints=(
            "hiermit reklamiere ich meine Bestellung {n}, die beschädigt angekommen ist.",
            "Seit {d} Tagen warte ich vergeblich auf eine Antwort.",
            "Ich verlange die Rückerstattung von {a} EUR und bin sehr enttäuscht.",
            "Das ist eine Beschwerde über Ihren Kundendienst, der mich am Telefon abgewiesen hat.",
            "Auch die Ersatzlieferung ist defekt und lässt sich nicht einschalten.",
        ),
        business=(
            "die Preisliste für die kommende Saison liegt bei.",
            "Können wir unser Gespräch auf Donnerstag Nachmittag verlegen?",
            "Den Bestand von Teil {n} zählen wir am Monatsende.",
            "Das Protokoll unserer letzten Besprechung finden Sie unten, mit den Namen zu jedem Punkt.",
            "Wir wollen die neuen Leuchten im Frühjahr auf der Messe zeigen.",
        ),
        close="Mit freundlichen Grüßen",
        away="Ich bin bis nächste Woche nicht im Büro und lese meine Post am Montag wieder.",
        offer="Nur diese Woche: {d} Prozent auf jede Leuchte in unserem Laden.",
    ),
    "fr": Words(
        charsets=("utf-8", "iso-8859-15"),
        greeting="Madame, Monsieur,",
        complaints=(
            "Je souhaite déposer une réclamation au sujet de ma commande {n}, arrivée cassée.",
            "Cela fait {d} jours que personne ne répond à mes messages.",
            "Je suis très déçue et je demande le remboursement de {a} EUR.",
            "Le livreur a laissé le colis sous la pluie et tout est endommagé.",
        ),
        business=(
            "Vous trouverez ci-joint les tarifs de la saison prochaine.",
            "Pourrions-nous déplacer notre entretien à jeudi après-midi ?",
            "Le stock de la pièce {n} sera compté à la fin du mois.",
            "Nous pensons présenter la nouvelle gamme au salon du printemps.",
        ),
        close="Cordialement",
        away="Je suis absente du bureau jusqu'à la semaine prochaine.",
        offer="Cette semaine seulement : {d} pour cent sur toutes nos lampes.",
    ),
    "es": Words(
        charsets=("utf-8", "iso-8859-1"),
        greeting="Estimados señores:",
        complaints=(
            "Quiero presentar una reclamación por mi pedido {n}, que llegó roto.",
            "Llevo {d} días esperando y nadie contesta a mis correos.",
            "Estoy muy decepcionado y exijo la devolución de {a} EUR.",
            "El repartidor dejó el paquete bajo la lluvia y todo está dañado.",
        ),
        business=(
            "Adjunto la lista de precios de la próxima temporada.",
            "¿Podemos pasar nuestra llamada al jueves por la tarde?",
            "Contaremos las existencias de la pieza {n} a final de mes.",
            "Pensamos mostrar la nueva gama de lámparas en la feria de primavera.",
        ),
        close="Atentamente",
        away="Estoy fuera de la oficina hasta la semana que viene.",
        offer="Solo esta semana: {d} por ciento en todas nuestras lámparas.",
    ),
    "nl": Words(
        charsets=("utf-8", "windows-1252"),
        greeting="Geachte heer, mevrouw,",
        complaints=(
            "Hierbij dien ik een klacht in over mijn bestelling {n}, die kapot is aangekomen.",
            "Ik wacht al {d} dagen en krijg geen antwoord.",
            "Ik ben zeer teleurgesteld en eis terugbetaling van {a} EUR.",
        ),
        business=(
            "Bijgaand de prijslijst voor het komende seizoen.",
            "Kunnen we ons gesprek naar donderdagmiddag verplaatsen?",
            "De voorraad van onderdeel {n} tellen we aan het einde van de maand.",
        ),
        close="Met vriendelijke groet",
        away="Ik ben tot volgende week niet op kantoor.",
        offer="Alleen deze week: {d} procent korting op al onze lampen.",
    ),
    "it": Words(
        charsets=("utf-8",),
        greeting="Gentili signori,",
        complaints=(
            "Desidero presentare un reclamo per il mio ordine {n}, arrivato rotto.",
            "Da {d} giorni nessuno risponde ai miei messaggi.",
            "Sono molto deluso e chiedo il rimborso di {a} EUR.",
        ),
        business=(
            "In allegato il listino della prossima stagione.",
            "Possiamo spostare la nostra telefonata a giovedì pomeriggio?",
            "Le scorte del pezzo {n} si contano a fine mese.",
        ),
        close="Cordiali saluti",
        away="Sono fuori ufficio fino alla prossima settimana.",
        offer="Solo questa settimana: {d} per cento su tutte le lampade.",
    ),
}
