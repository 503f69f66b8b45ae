"""Which language a text is in: its script where that tells, else a vote of its commonest words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice

from plugin.judge.lexicon import END, Memory, fold

_COMMON = {
    "en": (
        "the and of to is my i you your we have has was it for with this that not are been but from what please "
        "would how do a i can on at if am"
    ),
    "de": (
        "der die das und ich nicht ist sie ihr ihre mit bei wir haben habe ein eine für auf den dem zu war seit "
        "es bitte mir"
    ),
    "fr": (
        "le la les de à et je vous des est pas une pour dans que votre nous ma mon du au avec sur suis cette ai "
        "bonjour merci"
    ),
    "es": (
        "el la de a los las y que no mi su por para con una del es me se ha lo pero muy como hola gracias estoy "
        "tengo ustedes señores estimados quiero está podemos ya desde nadie este esta"
    ),
    "it": (
        "il gli che di non per con una del è sono della mi ho le vostro anche grazie buongiorno da nessuna questo "
        "alla i un in le la alle dell della stata possiamo vostra gentili abbiamo dal"
    ),
    "pt": (
        "o a e de os as que não do da um uma para com em meu minha você ao mas foi muito obrigado olá por seu "
        "isso estou"
    ),
    "nl": "het een en ik van niet is dat op de met voor mijn wij u uw heb zijn aan maar te bij deze geen graag",
    "pl": "w na nie się że do jest to z od za jak proszę mój moja mnie państwo dla ale czy po przez jestem",
    "tr": "bir ve bu için çok ile ben da de değil var ama olarak kadar sonra benim lütfen merhaba hala siparişim ürün",
}
_VOTES: dict[str, tuple[str, ...]] = {}
for _language, _words in _COMMON.items():
    for _word in {fold(word) for word in _words.split()}:
        _VOTES[_word] = (*_VOTES.get(_word, ()), _language)

LANGUAGES = (*_COMMON, "ru", "ja")
_ENOUGH = 400  # words that are counted


def languages(words: Iterable[str]) -> tuple[str, ...]:
    """The languages of a text cut into words, the strongest first, at most two; none where nothing tells."""
    some = islice(filter(END.__ne__, words), _ENOUGH)
    ranked = Counter(chain.from_iterable(map(_SPOKEN_BY.__getitem__, some))).most_common(2)
    if not ranked:
        return ()
    return tuple(language for language, count in ranked if count * 4 >= ranked[0][1] * 3)


def _spoken_by(word: str) -> tuple[str, ...]:
    folded = fold(word)
    return _VOTES.get(folded, ()) or _by_script(folded)


def _by_script(word: str) -> tuple[str, ...]:
    first = word[:1]
    if "\u0400" <= first <= "\u04ff":
        return ("ru",)
    return ("ja",) if "\u3040" <= first <= "\u30ff" else ()


_SPOKEN_BY = Memory(_spoken_by)
