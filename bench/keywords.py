"""How quickly a message is understood: ordinary talk with some keywords among it."""

from collections.abc import Callable, Iterator
from functools import partial

from bench.table import Note, Row
from bench.timing import Variant, interleave
from optout import keyword_rules

ROUNDS = 20
SHORT, LONG = 10_000, 100_000

TALK = (
    "STOP",
    "Unsubscribe please",
    "please stop texting me, thanks",
    "no me mandes más mensajes",
    "START",
    "HELP",
    "Hola, ¿a qué hora abrís mañana?",
    "Thanks, see you on Friday then!",
    "Can you send me the invoice again? I lost the first one, sorry about that.",
    "ok",
    "👍",
    "I will stop by the shop after work and pick it up",
    "¿Me podéis enviar el catálogo nuevo?",
    "Where is my parcel? The tracking says it was delivered but nobody was at home.",
    "Ja, passt. Bis später",
    "Is this still available in blue, size 42",
)


def lines(scale: float) -> Iterator[Row | Note]:
    """Decisions a second, then what a very long message can cost."""
    texts = {"talk": TALK, "short": ("a" * SHORT,), "long": ("a" * LONG,)}
    rounds = {"talk": ROUNDS, "short": 1, "long": 1}
    seconds = interleave(
        {
            name: Variant(partial(_decide, found, rounds[name]))
            for name, found in texts.items()
        }
    )
    decisions = len(TALK) * ROUNDS / seconds["talk"]
    yield Note("keyword decisions a second, mixed talk", f"{decisions:,.0f}")
    milliseconds = seconds["long"] * 1000
    verdict = "yes" if milliseconds < 50 else "NO"
    yield Note("100 kB of one letter, under 50 ms", f"{milliseconds:.1f} ms: {verdict}")
    yield Row(
        "… against 10 kB of it: at most ten times as long is linear",
        seconds["long"],
        seconds["short"],
        "10 kB",
    )


def _decide(texts: tuple[str, ...], rounds: int) -> None:
    match: Callable[[str], object] = keyword_rules.match
    for _ in range(rounds):
        for text in texts:
            match(text)
