"""Signs that a message may ask to opt out, when no keyword or phrase says so.

Written as `keyword_text.spoken` leaves a message. A hint never opts out: it sends the
message to the review queue, so it may err on the side of asking.
"""

_ME = "(?:me|us|my (?:number|name|e ?mail|data|details))"

REVIEW_STEMS = (
    "unsub", "unsus", "unscrib", "optout", "desuscri", "dessuscri", "desabonn",
    "desinscri", "descadast", "abmeld", "abbestell", "uitschrij", "afmeld", "disiscri",
    "avregistr", "wypisa", "отпис", "отпиш", "відпис", "відпиш",
)  # fmt: skip
REVIEW_RUNS = ("退订", "退訂", "取消订阅", "取消訂閱", "配信停止", "수신거부")
REVIEW_PATTERNS = (
    "opt(?:ing|ed)? out",
    f"(?:remove|delete|take) {_ME}",
    "(?:do not|dont|never) (?:text|message|contact|e ?mail|spam) (?:me|us)",
    "(?:cancel|end|terminate) (?:my|the|this) (?:subscription|newsletter)",
    "(?:cancelar|anular|annuler|annullare|kundigen) (?:mi |la |minha |a |mon |lo )?"
    "(?:suscripcion|subscricao|assinatura|abonnement|abbonamento|newsletter)",
    "(?:dar(?:me|nos|se)?) de baja",
    "(?:revoke|withdraw)(?: my)? (?:consent|permission)",
)
REVIEW_WHOLE = (
    "not interested", "im not interested", "i am not interested", "no more", "fuck off",
    "go away", "piss off", "no me interesa", "nao tenho interesse", "kein interesse",
    "pas interesse", "spam", "this is spam", "no quiero mas", "ya no quiero mas",
    "nao quero mais",
)  # fmt: skip
STOP_VERBS = frozenset({
    "stop", "stopp", "stopping", "quit", "cease", "pare", "parem", "paren", "dejen",
    "dejad", "basta", "arretez", "arrete", "arreter", "cessez", "stoppez", "smettila",
    "smettetela", "smettete", "hort", "aufhoren", "stoppen", "berhenti", "jangan",
    "стоп", "хватит", "перестаньте", "прекратите",
})  # fmt: skip
CONTACT_STEMS = (
    "messag", "msg", "texting", "texts", "sms", "email", "mailing", "mails", "spam",
    "contacting", "whatsapp", "notification", "newsletter", "promo", "advert",
    "marketing", "mensaj", "mensag", "correo", "publicid", "nachricht", "werbung",
    "bericht", "сообщен", "рассылк", "спам", "pesan", "iklan", "sending", "enviar",
    "envoyer", "mandar", "schicken", "schreib", "escrib", "escrev", "писать",
)  # fmt: skip
MISSPELT = frozenset({
    "stpo", "sotp", "tsop", "sttop", "sstop", "stopo", "satop", "stoip", "stip",
    "stopl",
})  # fmt: skip
