"""What patterns mean in every language, that they mean what Python's `re` means by them, and many asked at once."""

from __future__ import annotations

import re
import sys
from resource import RUSAGE_SELF, getrusage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugin.patterns import FEW, Family, Pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\bstraße\b", "In der STRASSE 5", "STRASSE"),
        (r"\bSTRASSE\b", "in der Straße 5", None),  # ss is looked for as it stands; a word without slashes is not
        (r"größe", "GRÖẞE L", "GRÖẞE"),
        (r"\büber\b", "ganz ÜBER uns", "ÜBER"),
        (r"\büber\b", "gegenüber", None),
        (r"\bété\b", "Quel ÉTÉ !", "ÉTÉ"),
        (r"\bt\b", "été", None),
        (r"cœur", "CŒUR", "CŒUR"),
        (r"ΣΟΦΟΣ", "ο σοφος", "σοφος"),
        (r"σοφοσ\b", "ο σοφος", "σοφος"),
        (r"istanbul", "İSTANBUL", "İSTANBUL"),
        (r"ısı\b", "ISI nerede", "ISI"),
        (r"жалоба\b", "ЖАЛОБА!", "ЖАЛОБА"),
        (r"\w+", "  żółć, ", "żółć"),
        (r"[^\W\d_]+", "12_ñandú_3", "ñandú"),
        (r"order\s+\d+", "order\u00a0\u0664\u0662", "order\u00a0\u0664\u0662"),
        (r"\bsnake\b", "snake_case", None),
        (r"_\w", "a_b", "_b"),
        (r"a.c", "aéc a_c", "aéc"),
        (r"€ ?\d", "für €5", "€5"),
        (r"[à-ý]{2}", "ÀÉ", "ÀÉ"),
        (r"\p{Greek}+", "to Αθήνα", "Αθήνα"),
        (r"(?-i)VIP", "vip VIP", "VIP"),
        (r"\Qa.b\E+", "a.bb", "a.bb"),
        (r"返金", "を返金して", "返金"),
        (r"x\x01y", "x\x01y", "x\x01y"),
        (r"for .50", "for \x8050, he said", "for \x8050"),
        (r"for [^a-z]50", "for \x8050", "for \x8050"),
        (r"snake_c", "snake_case \x80 \x81 \x01, as it is written here", "snake_c"),
        (r"я_я", "яяяяяяяяяя_яяяяяяяяяяя\x80\x01", "я_я"),
    ],
)
def test_letters_are_letters_in_every_language(pattern: str, text: str, found: str | None) -> None:
    span = Pattern.parse(pattern).span_in(text)
    assert (text[slice(*span)] if span else None) == found
    assert Pattern.parse(pattern).found_in(text) is (found is not None)


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        (r"order(?= now)", "looks ahead or behind, which cannot be done: use two conditions, or `not:`"),
        (r"(?<!no )refund", "looks ahead or behind, which cannot be done: use two conditions, or `not:`"),
        (r"(a)\1", "repeats an earlier match, which cannot be done: write it out"),
        (r"(?P<a>a)(?P=a)", "repeats an earlier match, which cannot be done: write it out"),
        (r"(?>a+)b", "has a group that is tried in a way of its own: use plain brackets ( )"),
        (r"a{2000}", "repeats too often: at most 1000 times, the smaller number first"),
        (r"(?#note)a", "has a group of a kind that is not known: use plain brackets ( )"),
        (r"end\Z", "has a \\Z, which is not known: write `$` for the end of the text"),
        (r"a\Cb", "has a \\C, which is half a character: write `.`"),
        (r"a++", "has a * + ? or { with nothing before it to repeat: `\\*` means the sign itself"),
        (r"x*", "fits every text: say what must be there, `+` instead of `*`"),
        (r"\B", "fits where nothing stands: say what must be there beside the \\B"),
        (r"s|\Bx?", "fits where nothing stands: say what must be there beside the \\B"),
    ],
)
def test_what_cannot_be_is_told_with_what_to_do(pattern: str, advice: str) -> None:
    with pytest.raises(ValueError) as told:
        Pattern.parse(pattern)
    assert str(told.value).endswith(advice)
    assert str(told.value).startswith("the pattern ")


# --- the same as `re` ------------------------------------------------------------------------------------------------

LETTERS = "abikszABIKSZ0189_ \n-.éÉüÜñçœŒığİIÀσςΣφΑаяЯж٣५返금\u0301\u00a0€’İ🎁\x01"
"""No ß: in `re` it is not ss."""
atoms = st.one_of(
    st.sampled_from(LETTERS).map(re.escape),
    st.sampled_from([".", r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"\b", r"\B", "^", "[a-k]", "[^a-k]", r"[\wé.]",
                     r"[^\W\d_]", r"[^\s-]", "[à-ÿ]", "[^à-ÿ]", "[_x]", r"[\d-]",
                     "[Α-Ωσ]", "(?i:K)", "(?s:.)"]),
)  # fmt: skip
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda several: f"(?:{'|'.join(several)})"),
        st.tuples(inner, st.sampled_from(["+", "?", "*", "{1,3}", "{2}", "+?", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
).map(lambda source: f"{source}[^\\W]")  # so that it fits no empty text
texts = st.text(LETTERS, max_size=24)


@settings(max_examples=200, deadline=None)
@given(patterns, texts)
@example(r"\bfoo\b.*\bbar[^\W]", "foo bars")
@example("[^a-k][^\\W]", "_é")
@example(r"\B[^\W]", "éüœ €€")
def test_it_is_found_where_re_finds_it(source: str, text: str) -> None:
    expected = re.search(source, text, re.IGNORECASE)
    pattern = Pattern.parse(source)
    assert pattern.found_in(text) is (expected is not None)
    assert pattern.span_in(text) == (expected and expected.span())


def test_every_letter_has_the_cases_it_has_in_re() -> None:
    everything = "".join(map(chr, range(0x30, 0x250))) + "ẞſK\u212aÅ\u212bΜμᲀθϑϴῼῳ"
    for char in filter(str.isalpha, everything.replace("ß", "").replace("ẞ", "")):
        alike = re.findall(char, everything, re.IGNORECASE)
        pattern = Pattern.parse(f"^{char}$")
        assert [one for one in everything if pattern.found_in(one)] == alike


def test_no_letter_stands_beyond_those_that_are_looked_at() -> None:
    assert not any(chr(point).isalnum() for point in range(0x33FFF, sys.maxunicode + 1))


# --- many at once ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(patterns, min_size=FEW + 1, max_size=FEW + 8), texts)
def test_asked_together_they_hit_what_they_hit_alone(sources: list[str], text: str) -> None:
    family = Family()
    together = [Pattern.parse(source, family).found_in(text) for source in sources]
    assert together == [Pattern.parse(source).found_in(text) for source in sources]


def test_a_family_that_grows_knows_its_new_ones() -> None:
    family = Family()
    several = [Pattern.parse(f"word{number}\\b", family) for number in range(40)]
    assert [one.source for one in several if one.found_in("a word7 and word17")] == ["word7\\b", "word17\\b"]
    late = Pattern.parse("and", family)
    assert late.found_in("a word7 and word17")


def test_where_a_set_has_too_little_memory_each_is_asked_alone() -> None:
    family = Family()
    several = [Pattern.parse(f"{number}[^x]{{1,300}}[aeiou].{{1,300}}y", family) for number in range(60)]
    text = "7 is one, " + "the others are not; " * 5 + "y"
    assert [one.source[0] for one in several if one.found_in(text)] == ["7"]


@pytest.mark.parametrize("source", [r"^(a+)+$", r"(a*)*b", r"(a|aa)+$", r"(\w+\s?)+:", r"(.*a){20}c"])
def test_no_pattern_takes_more_than_time_in_proportion_to_the_text(source: str) -> None:
    # A pattern that tries every way would need more than the age of the world here: that this ends is the test.
    text = "a" * 1_000_000 + "!"
    before = getrusage(RUSAGE_SELF).ru_maxrss
    assert not Pattern.parse(source).found_in(text)
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_every_place_of_a_pattern_is_told_in_characters_as_many_as_are_asked_for() -> None:
    found = Pattern.parse(r"\bgr(?:ü|ue)ße\b")
    text = "🎉 Grüße, größe, gruesse… GRÜßE und grüße_ Grüße"
    assert [text[start:end] for start, end in found.spans_in(text, 10)] == ["Grüße", "gruesse", "GRÜßE", "Grüße"]
    assert found.spans_in(text, 1) == [(2, 7)]
    assert found.spans_in("", 10) == []
