"""What a message means: the golden sentences, the tiers, and what must never happen."""

import re
import unicodedata
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optout import keyword_phrases
from optout.keyword_packs import CORE_WORDS, HELP_WORDS, PACKS, START_WORDS
from optout.keyword_rules import (
    BUILT_IN,
    NOTHING,
    Meaning,
    Rule,
    Tier,
    clash,
    keys_of,
    match,
    spoken,
)
from optout.keyword_text import MAX_CHARS, fold, normalise

EXACT = [
    "STOP",
    " stop ",
    "Stop.",
    "STOP!!!",
    '"stop"',
    "“Stop.”",
    "*STOP*",
    "🛑 stop",
    "stop🙏",
    "stop ❤️",
    "ＳＴＯＰ",
    "STOP\u200b",
    "\u202eSTOP\u202c",
    "S\u00adTOP",
    "Arrêt",
    "ARRET",
    "arre\u0302t",
    "stop all",
    "Stop-all",
    "STOP\nALL",
    "opt-out",
    "Opt out",
    "Baja",
    "no mas",
    "İPTAL",
    "iptal",
    "ÇIKIŞ",
    "çıkış",
    "REZYGNUJE",
    "إيقاف",
    "ايقاف",
    "تـوقف",
    "बंद करो",
    ["வேண்டாம்", "நிறுத்து"][1],
    "退订",
    "ｽﾄｯﾌﾟ",
    "수신거부",
    "ยกเลิก",
    "הסר",
    "СТОП",
    "відписатися",
    "TD",
]
POLITE = [
    "Stop. Thank you",
    "please stop",
    "stop please",
    "Stop, stop, STOP!",
    "Hi, please stop now. Thanks!",
    "I want you to stop",
    "stop\n\nsent from my phone",
    "quero sair",
    "por favor cancelar",
    "Merci, arrêter",
    "STOP svp",
    "Bitte abmelden",
    "Ich möchte mich abmelden",
    "Lütfen iptal",
    "пожалуйста, стоп",
    "退订，谢谢",
]
PHRASE = [
    "remove me from your list",
    "Hi! Please take me off your mailing list, I never signed up.",
    "leave me alone",
    "stop texting me",
    "please stop messaging me about offers",
    "STOP SENDING ME THESE TEXTS!!!",
    "stop it",
    "Remove me please",
    "Don’t text me again",
    "I no longer wish to receive your emails",
    "I would like to opt out of your texts, I never read them",
    "Please unsubscribe me from your newsletter",
    "no quiero recibir más mensajes",
    "Ya no quiero recibir sus mensajes, gracias",
    "dejen de escribirme",
    "não quero mais receber",
    "Parem de me mandar mensagens",
    "Je ne veux plus recevoir de messages",
    "Arrêtez de m'envoyer des SMS",
    "désinscrivez-moi",
    "Bitte keine Nachrichten mehr!",
    "Ich möchte keine Werbung mehr erhalten",
    "Nehmen Sie mich aus dem Verteiler",
    "Non voglio più ricevere messaggi",
    "Ik wil geen berichten meer",
    "Nie chcę więcej wiadomości",
    "Не пишите мне больше",
    "mesaj atmayın",
    "لا أريد استقبال رسائل",
    "मैसेज मत भेजो",
    "jangan kirim pesan lagi",
    "不要再给我发短信",
    "メールを送らないでください",
]
REVIEW = [
    "ЅТОР",
    "SТОP",
    "ST0P",
    "S T O P",
    "s.t.o.p",
    "stpo",
    "STOP 12345",
    "STOP alerts",
    "Who is this? STOP",
    "how do I unsubscribe?",
    "unsuscribe",
    "don't remove me from your list",
    "please stop sending me the wrong size",
    "These messages must stop",
    "not interested",
    "cancel my subscription",
    "please remove me from the waiting room",
    "STOP, this is my work phone",
    "Stop this is my work phone",
    "STOP writing to my wife",
    "stop writing to my wife and me, I told you",
    "STOP BY TOMORROW",
    "🛑 STOP - wrong person, call the office",
    "Stop. I never signed up for this",
    "How do I get off this list?",
    "take my number off",
    "Can you sign me off?",
    "lose my number, I mean it",
    "leave my number alone",
    "no more calls to my office",
    "CANCEL, I never asked for this",
    "DAR DE BAJA este teléfono de mi trabajo",
    "BAJA, este es mi trabajo",
    "¿Cómo salgo de esta lista?",
    "Quiten mi número",
    "SAIR, este é o meu trabalho",
    "Como saio dessa lista?",
    "chega de ligações para mim",
    "ARRE\u0302T, c'est mon téléphone pro",
    "Comment sortir de cette liste ?",
    "plus aucun message ici",
    "STOPP, das ist mein Diensthandy",
    "Wie komme ich aus Ihrer Liste?",
    "Löschen Sie meine Nummer, das ist privat",
    "FERMA, questo è il telefono di mia moglie",
    "Come esco dalla vostra lista?",
    "togliete il mio numero dal vostro archivio",
]
NEITHER = [
    "We have to STOP this bill",
    "We must STOP this bill",
    "stopper service",
    "bus stop?",
    "don't stop",
    "stop by tomorrow?",
    "Stop by tomorrow?",
    "stop worrying about the parcel, all is fine",
    "can I stop at the shop?",
    "Cancel that, I come on Friday",
    "End of story, see you",
    "TD Bank wrote to me",
    "Should I leave my number?",
    "sign me up",
    "drop me a line",
    "take 20% off this list price",
    "Ich habe etwas aus der Liste bestellt",
    "cancelar agendamento",
    "parar a dor",
    "cancel my order",
    "Please cancel my appointment on Friday",
    "I quit",
    "The end",
    "end of story",
    "Is this the last stop before the airport?",
    "No quiero recibir el pedido hoy",
    "Ich möchte keine Angebote verpassen",
    "Ik wil geen aanbiedingen missen",
    "Ne m'envoyez pas le colis",
    "I get no messages from you",
    "Did you get my message?",
    "đúng",
    "T",
    "voltar",
    "yes",
    "please start",
    "can you help",
    "what info do you need",
    "не стоп",
    "tak berhenti",
    "",
    "🙏",
    "???",
    "hello",
]
TAPBACKS = [
    "Liked “Reply STOP to opt out”",
    "Loved “STOP”",
    'Disliked "unsubscribe"',
    "Laughed at “stop texting me”",
    "Emphasized “STOP”",
    "Questioned “Reply STOP…”",
    "Reacted 👍 to “Reply STOP”",
    "👍 to “Reply STOP”",
    "Removed a like from “Reply STOP”",
]
TALK = ["my", "bill", "order", "bus", "shoes", "is", "the", "we", "for"]
NormalForm = Literal["NFC", "NFD", "NFKC", "NFKD"]
any_text = st.text(max_size=80)


@pytest.mark.parametrize("text", EXACT)
def test_a_keyword_in_any_dress_opts_out(text: str) -> None:
    found = match(text)
    assert (found.meaning, found.tier) == (Meaning.OPT_OUT, Tier.EXACT)
    assert found.list_id is None


@pytest.mark.parametrize("text", POLITE)
def test_a_keyword_among_courtesies_opts_out(text: str) -> None:
    found = match(text)
    assert (found.meaning, found.tier) == (Meaning.OPT_OUT, Tier.POLITE)


@pytest.mark.parametrize("text", PHRASE)
def test_a_plain_request_opts_out(text: str) -> None:
    found = match(text)
    assert (found.meaning, found.tier) == (Meaning.OPT_OUT, Tier.PHRASE)


@pytest.mark.parametrize("text", REVIEW)
def test_what_looks_like_a_request_goes_to_a_person(text: str) -> None:
    found = match(text)
    assert (found.meaning, bool(found.review_reason)) == (None, True)


@pytest.mark.parametrize("text", NEITHER)
def test_other_talk_means_nothing(text: str) -> None:
    assert match(text) == NOTHING


@pytest.mark.parametrize("text", TAPBACKS)
def test_a_reaction_that_quotes_stop_means_nothing(text: str) -> None:
    assert match(text) == NOTHING


@pytest.mark.parametrize("rule", BUILT_IN, ids=lambda rule: rule.rule_id)
def test_each_built_in_word_means_what_the_table_says(rule: Rule) -> None:
    found = match(f" {rule.word}! ", yes_means_start=True)
    assert (found.meaning, found.tier) == (rule.meaning, Tier.EXACT)
    assert found.rule_id == rule.rule_id


@pytest.mark.parametrize("word", CORE_WORDS)
def test_every_core_word_opts_out(word: str) -> None:
    assert match(word).meaning is Meaning.OPT_OUT


def test_no_word_means_two_things() -> None:
    forms = [spoken(rule.word) for rule in BUILT_IN]
    assert len(forms) == len(set(forms))


@pytest.mark.parametrize("language", PACKS)
def test_a_pack_holds_no_word_that_opts_out_here_and_lifts_there(language: str) -> None:
    opting_out = {spoken(word) for out, _ in PACKS.values() for word in out}
    assert opting_out.isdisjoint(spoken(word) for word in PACKS[language][1])


def test_only_stop_and_unsubscribe_cannot_be_switched_off() -> None:
    locked = [rule.word for rule in BUILT_IN if not rule.switchable]
    assert locked == ["STOP", "UNSUBSCRIBE"]


@pytest.mark.parametrize("text", ["cancel", "please cancel"])
def test_a_word_switched_off_means_nothing(text: str) -> None:
    assert match(text, disabled={"core:cancel"}) == NOTHING


def test_a_word_switched_off_opens_no_request() -> None:
    assert match("CANCEL my order", disabled={"core:cancel"}) == NOTHING


def test_stop_cannot_be_switched_off() -> None:
    assert match("stop", disabled={"core:stop"}).meaning is Meaning.OPT_OUT


@pytest.mark.parametrize("word", [*START_WORDS, "Start!", "démarrer", "ALTA"])
def test_a_start_word_lifts(word: str) -> None:
    assert match(word).meaning is Meaning.LIFT


@pytest.mark.parametrize("word", HELP_WORDS)
def test_a_help_word_asks_for_help(word: str) -> None:
    assert match(word).meaning is Meaning.HELP


def test_yes_lifts_only_where_the_channel_says_so() -> None:
    assert match("Yes") == NOTHING
    assert match("Yes", yes_means_start=True).meaning is Meaning.LIFT


@pytest.mark.parametrize("text", ["No Offers!", "nö  offérs", "no-offers"])
def test_a_lists_own_keyword_opts_out_of_that_list(text: str) -> None:
    found = match(text, own_opt_out={"no offers": 7})
    assert (found.meaning, found.tier) == (Meaning.OPT_OUT, Tier.EXACT)
    assert (found.list_id, found.rule_id) == (7, "list:7")


def test_a_lists_own_keyword_may_be_asked_for_politely() -> None:
    found = match("Please no offers, thanks", own_opt_out={"no offers": 7})
    assert (found.list_id, found.tier) == (7, Tier.POLITE)


def test_a_lists_own_keyword_goes_before_a_built_in_one() -> None:
    assert match("stop", own_opt_out={"stop": 3}).list_id == 3


def test_a_lists_own_keyword_inside_a_sentence_means_nothing() -> None:
    assert match("are there no offers today", own_opt_out={"no offers": 7}) == NOTHING


def test_the_finer_form_of_a_keyword_goes_first() -> None:
    own = {"papá": 1, "papa": 2}
    assert match("Papá", own_opt_out=own).list_id == 1
    assert match("Papa", own_opt_out=own).list_id == 2


def test_a_lists_own_start_word_lifts_that_list() -> None:
    found = match("Offers back", own_start={"offers back": 7})
    assert (found.meaning, found.list_id) == (Meaning.LIFT, 7)


@pytest.mark.parametrize("own_opt_out", [{"baja": 3}, {}])
def test_a_word_that_opts_out_never_lifts(own_opt_out: dict[str, int]) -> None:
    found = match("baja", own_opt_out=own_opt_out, own_start={"baja": 7})
    assert found.meaning is Meaning.OPT_OUT


@pytest.mark.parametrize("text", ["Stop", "ＢＡＪＡ", "start", "YES", "help", "arrêt"])
def test_a_built_in_word_may_not_be_a_lists_keyword(text: str) -> None:
    assert clash(text) is not None


@pytest.mark.parametrize("text", ["", "   ", "🛑", "…", "\u200b", "\u0640"])
def test_a_keyword_that_normalises_to_nothing_is_refused(text: str) -> None:
    assert clash(text) == "A keyword needs at least one letter or digit."


@pytest.mark.parametrize("text", ["stop promo", "(a+)+$", ".*x", "no offers", "बस"])
def test_other_words_may_be_a_lists_keyword(text: str) -> None:
    assert clash(text) is None


def test_a_clash_names_the_word() -> None:
    assert "BAJA" in (clash("baja") or "")


def test_a_pattern_as_keyword_is_only_text() -> None:
    assert match("anything", own_opt_out={".*": 7}) == NOTHING


@pytest.mark.parametrize(
    "pattern",
    [p for _, p in (*keyword_phrases.PHRASES, *keyword_phrases.UNSPACED_PHRASES)],
)
def test_no_phrase_holds_an_unbounded_repeat(pattern: str) -> None:
    assert re.search(r"[*+]|\{\d*,\}", pattern) is None


@pytest.mark.parametrize("letter", ["a", "a ", "\ufdfa", "stop ", "é", "🛑", '"'])
def test_only_the_first_signs_of_a_long_message_are_looked_at(letter: str) -> None:
    assert all(len(key) <= 18 * MAX_CHARS for key in keys_of(letter * 100_000))
    assert len(normalise(letter * 100_000)) <= MAX_CHARS


def test_a_long_story_with_a_request_goes_to_a_person() -> None:
    found = match("so it goes " * 20 + "stop texting me")
    assert (found.meaning, bool(found.review_reason)) == (None, True)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Désinscrire", "desinscrire"),
        ("ÇIKIŞ", "cikis"),
        ("İptal", "iptal"),
        ("Стой", "стой"),
        ("إِيقَاف", "ايقاف"),
        ("बंद", "बंद"),
        ("rezygnuję", "rezygnuje"),
        ("Øl", "ol"),
    ],
)
def test_accents_go_and_letters_stay(text: str, folded: str) -> None:
    assert fold(normalise(text)) == folded


@settings(max_examples=400, deadline=None)
@given(any_text)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(normalise(text))) == fold(normalise(text))


@settings(max_examples=400, deadline=None)
@given(any_text)
def test_the_spoken_form_is_its_own_spoken_form(text: str) -> None:
    assert spoken(spoken(text)) == spoken(text)


@settings(max_examples=300, deadline=None)
@given(any_text)
@example("\ud800")
@example("\x00")
@example("stop " * 400)
def test_no_text_breaks_the_matcher(text: str) -> None:
    found = match(text, own_opt_out={"x": 1}, own_start={"y": 2})
    assert (found.meaning is None) == (found.tier is None)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["stop", "Unsubscribe", "parar", "СТОП"]),
    st.text(alphabet=" .!?\"'“”\u200b\u200e\ufe0f🙏🛑👍\n*_-", max_size=12),
    st.sampled_from([str, str.upper, str.title, str.swapcase]),
    st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
)
def test_dress_never_hides_a_keyword(
    word: str, noise: str, case: Callable[[str], str], form: NormalForm
) -> None:
    text = unicodedata.normalize(form, case(noise + word + noise))
    assert match(text).meaning is Meaning.OPT_OUT


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(TALK)))
def test_talk_without_any_of_the_words_means_nothing(words: list[str]) -> None:
    assert match(" ".join(words)) == NOTHING
