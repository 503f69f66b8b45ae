"""Which language a text is in: its script where that tells, else a vote of its commonest words and rarer letters.

Each word votes for the languages it belongs to, a word of one language alone more than one of several. All votes of a
word are one integer with a field of bits for each language, so that counting them is one sum over the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, repeat

_COMMON = {
    "en": """
        the and of to is my i you your we have has was it for with this that not are been but from what please
        would how do a can on at if am in me be will when which there they their our us so an as by were had did
        does don't didn't i'm i've it's he she his her dear hello hi thanks thank regards order ordered parcel
        still never again nobody one want just get got could should about after since because arrived received
        bought sent broken where why who than then now all any some no yes very too only also out up down back
        here before days weeks day week today yesterday monday tuesday wednesday thursday friday saturday sunday
        two three every each other into over under off more most much many bit slow fine new old good bad first
        last next time says said being its
    """,
    "de": """
        der die das und ich nicht ist sie ihr ihre mit bei wir haben habe ein eine für auf den dem zu war seit
        es bitte mir mich uns wie was aber auch noch nur schon sich im in am an um von vom zum zur aus nach über
        wenn dass daß weil als oder so kann können möchte wurde wird werden hat hatte bin sind einen einem einer
        kein keine keinen ihnen ihrem ihren meine mein meinen meiner unser unsere guten tag hallo sehr geehrte
        damen herren danke grüße freundlichen bestellung bestellt rechnung paket immer wieder heute gestern vor
        wochen tage tagen leider angekommen kaputt defekt warum wann wo geld doch mal man alles nichts niemand
        jetzt dann hier mehr des bis durch ohne weg toll super war's gibt geht ging kommt kam macht steht
        bekommen dieses diese dieser jede jeder jeden alle links rechts beim ins montag dienstag mittwoch
        donnerstag freitag samstag sonntag drittes zweite statt trotz
    """,
    "fr": """
        le la les de à et je vous des est pas une un pour dans que votre vos nous ma mon mes du au aux avec sur
        suis cette ce cet ces ai bonjour merci il elle on ne n'est n'ai j'ai c'est qui quoi où quand mais ou
        donc par sont était été être avoir avez avons fait faire plus très bien toujours jamais rien encore
        depuis jours semaines mois commande commandé reçu colis facture livraison monsieur madame cordialement
        s'il plaît toute tous tout sans chez après avant aussi même si leur notre nos me m'a d'une l'ai qu'il
        pourquoi comment personne aucune ça tu se y en deux trois jour semaine heures lundi mardi mercredi jeudi
        vendredi samedi dimanche seul seule peu trop reçue comme quel quelle elles ils leurs j l d n c qu
        j'attends fois pendant sous
    """,
    "es": """
        el la de a los las y que no mi su por para con una un del al es me se ha lo pero muy como hola gracias
        estoy tengo ustedes señores estimados quiero está están podemos ya desde nadie este esta esto eso ese en
        he han hemos fue son ser sin sobre cuando donde dónde cuándo qué porque todo todos nada nunca siempre
        hace más sus mis nos les le si sí también aún todavía pedido paquete factura llegado llegó recibido
        compré saludos buenos buenas días tardes usted señor señora roto rota dinero semanas meses quien hay
        tiene pueden puedo día semana lunes martes miércoles jueves viernes sábado domingo dos tres hasta entre
        antes después ahora aquí bien mal cada otro otra algo alguien era eran fueron tan solo sólo tu te ni
        pues
    """,
    "pt": """
        o a e de os as que não do da dos das um uma para com em no na nos nas meu minha meus minhas você vocês
        ao à mas foi muito obrigado obrigada olá por pelo pela seu sua isso isto este esta estou está são tenho
        tem ainda já quando onde quem como porque nunca sempre também nada ninguém chaleira partida partido
        avariado avariada veio mais sem sobre até desde há dias semanas bom boa tarde encomenda pedido recebi
        chegou comprei fatura produto quero gostaria senhores exmos cumprimentos atenciosamente vossa fiz depois
        era ser ter me se eu ele ela nem só favor num numa dum aos às toda todo todos todas cada tudo caro
        prezados dia semana hora horas então agora aqui fui saiu ficou faz pra pro outro outra próximo caixa
        sexta segunda terça quarta quinta sábado domingo botão bem dois duas três
    """,
    "it": """
        il gli che di non per con una un del della dei delle è e sono mi ho le lo la i vostro vostra anche
        grazie buongiorno salve da dal nessuna nessuno questo questa alla al ai in dell stata stato stati
        possiamo gentili abbiamo hanno ha ma come quando dove cosa perché più mio mia miei mie nostro nostra ci
        si vi ne se sul sulla nel nella ancora già mai sempre niente dopo prima giorni settimane mesi ordine
        ordinato pacco fattura ricevuto arrivato arrivata comprato rotto rotta soldi vorrei voglio cordiali
        saluti signori spett oggi ieri molto nello nell dall sull all l un' un'altro altro tutto tutti tutta tra
        fra poi così però qui fa fatto essere avete avere scusi scusate buono casa quello quella tuo tuoi solo
        senza bene uno due tre euro ore lunedì martedì mercoledì giovedì venerdì sabato domenica
    """,
    "nl": """
        het een en ik van niet is dat op de met voor mijn wij we u uw heb hebben hebt heeft zijn aan maar te bij
        deze dit geen graag er in naar om ook nog al als wat wie waar wanneer waarom hoe dan jullie je ons onze
        mij me was waren wordt werd worden kan kunnen wil zou zo veel meer weer nooit niemand niets alles uit
        over door tot sinds na weken dagen maanden bestelling besteld pakket factuur ontvangen gekregen geachte
        beste hallo groet groeten vriendelijke bedankt dank alvast steeds gisteren vandaag kapot geld die daar
        hier heel erg ze zij hij hun hem bent gaat ging komt kwam staat krijg krijgt gaan doen doet deed toch
        verder prima iets iemand eens elke ieder bijna achter onder tussen zonder maandag dinsdag woensdag
        donderdag vrijdag zaterdag zondag keer week dag jaar uur
    """,
    "pl": """
        w na nie się że do jest to z od za jak proszę mój moja moje mnie państwo państwa dla ale czy po przez
        jestem i o u ma mam nadal jeszcze już tylko tak był była było są co kiedy gdzie dlaczego nikt nic bardzo
        dzień dobry zamówienie zamówienia przesyłka paczka faktura otrzymałem otrzymałam kupiłem kupiłam
        pozdrawiam szanowni tego tym ten ta te który która dni tygodni ze mi pan pani przed dziękuję oraz został
    """,
    "tr": """
        bir ve bu için çok ile ben da de değil var ama olarak kadar sonra benim lütfen merhaba hala siparişim
        ürün sipariş ne zaman gün yok size sizin bana bize daha hiç oldu geldi gelmedi aldım kargo teşekkürler
        iyi günler neden nasıl her şey ki mi olan gibi iade saygılarımla sayın istiyorum
    """,
}
_LETTERS = {
    "de": "ßäöü", "es": "ñ¿¡áíóú", "pt": "ãõâêç", "fr": "œêûîàçèùôë", "it": "ìòùè", "pl": "łżźśćńąę", "tr": "ğışç",
}  # fmt: skip
_ENDINGS = {
    "en": ("ght", "tion", "ould"), "de": ("ung", "keit", "lich", "isch", "ieren"), "fr": ("eux", "ement", "aient"),
    "es": ("ción", "ieron", "amos"), "pt": ("ção", "ções", "agem", "inho"), "it": ("zione", "zioni", "aggio", "ato"),
    "nl": ("heid", "lijk", "ijn", "ijk"), "pl": ("ość", "ów", "nie", "łem", "łam"), "tr": ("lar", "ler", "dum", "iniz"),
}  # fmt: skip
LANGUAGES = (*_COMMON, "ru", "ja")

_HEAD = 600  # characters that are looked at
_ENOUGH = 120  # words that are counted
_LONG = 300  # characters of a text that need not be parted carefully
_FEW = 12  # words of a text so short that the ends of its words are asked as well
_LEAST = 3  # votes that tell anything
_FIELD = 12  # bits of one language's votes
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_KANA = re.compile("[\u3041-\u30fa]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_SHIFT = {language: _FIELD * number for number, language in enumerate(_COMMON)}
_MASK = (1 << _FIELD) - 1
_BARE = str.maketrans("áàâãäçéèêëíìîïñóòôõöúùûüąćęłńśźżğışœ", "aaaaaceeeeiiiinooooouuuuacelnszzgiso")


def _votes() -> dict[str, int]:
    speakers: dict[str, set[str]] = {}
    for language, words in _COMMON.items():
        for word in words.split():
            speakers.setdefault(word, set()).add(language)
    for word in [*speakers]:
        bare = word.translate(_BARE)  # many write without accents, where the word is no other word
        if len(word) > 2 and bare not in speakers:
            speakers[bare] = speakers[word]
    return {word: sum((4 - min(3, len(some))) << _SHIFT[each] for each in some) for word, some in speakers.items()}


_VOTES = _votes()
_SIGNS = {
    sign: sum(2 << _SHIFT[language] for language, signs in _LETTERS.items() if sign in signs)
    for sign in {*"".join(_LETTERS.values())}
}


def language(text: str) -> str:
    """The language most of the beginning of a text is in, one of LANGUAGES; empty where nothing tells.

    Looks at 600 characters at most; from four words on it is mostly right.
    """
    head = text[:_HEAD]
    if not head.isascii():
        if len(_KANA.findall(head)) * 3 > len(head) / 4:
            return "ja"
        if len(_CYRILLIC.findall(head)) > len(head) / 3:
            return "ru"
    ranked = _ranked(_words(head.lower()), head)
    return ranked[0][1] if ranked and ranked[0][0] >= _LEAST else ""


def _words(text: str) -> list[str]:
    """The words of a text in small letters; of a long one only those without a sign beside them, which are enough."""
    return text.split() if len(text) > _LONG else _WORD.findall(text.replace("’", "'"))


def languages(words: Iterable[str]) -> tuple[str, ...]:
    """The languages of a text cut into words, the strongest first, at most two; none where nothing tells."""
    some = [word.lower() for word in islice(words, _ENOUGH * 3) if word[:1].isalpha()]
    text = " ".join(some)
    if (found := language(text)) in ("ru", "ja"):
        return (found,)
    ranked = _ranked(some, text)[:2]
    return tuple(name for count, name in ranked if count * 4 >= ranked[0][0] * 3)


def _ranked(words: list[str], text: str) -> list[tuple[int, str]]:
    """The votes each language got, most first; none for those without a vote."""
    total = sum(map(_VOTES.get, words[:_ENOUGH], repeat(0)))
    if not text.isascii():
        total += sum(_SIGNS[sign] for sign in _SIGNS.keys() & set(text.lower()))
    if len(words) <= _FEW:
        total += sum(_ending(word) for word in words if word not in _VOTES)
    counts = ((total >> shift & _MASK, language) for language, shift in _SHIFT.items())
    return sorted((pair for pair in counts if pair[0]), key=_by_votes)


def _ending(word: str) -> int:
    return sum(1 << _SHIFT[language] for language, ends in _ENDINGS.items() if word.endswith(ends))


def _by_votes(pair: tuple[int, str]) -> int:
    return -pair[0]
