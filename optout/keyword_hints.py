"""Signs that a message may ask to opt out, when no keyword or phrase says so.

Written as `keyword_text.spoken` leaves a message. A hint never opts out: it sends the
message to the review queue, so it may err on the side of asking.
"""

_ME = "(?:me|us|my (?:number|name|e ?mail|data|details))"
_FEW = r"(?: \S{1,20}){0,3}"
_BOTHERING = (
    "(?:writing|texting|messaging|contacting|e ?mailing|calling|ringing|bothering"
    "|harassing|pestering|spamming)"
)

REVIEW_STEMS = (
    "unsub", "unsus", "unscrib", "optout", "desuscri", "dessuscri", "desabonn",
    "desinscri", "descadast", "abmeld", "abbestell", "uitschrij", "afmeld", "disiscri",
    "avregistr", "wypisa", "отпис", "отпиш", "відпис", "відпиш",
)  # fmt: skip
REVIEW_RUNS = ("退订", "退訂", "取消订阅", "取消訂閱", "配信停止", "수신거부")
REVIEW_PATTERNS = (
    "opt(?:ing|ed)? out",
    f"(?:remove|delete|take) {_ME}",
    "lose my (?:number|e ?mail)",
    "sign (?:me|us) off",
    "leave my number (?:alone|out|off)",
    f"(?:get|sign|take|cut) (?:{_ME} |this )?off(?: of)?{_FEW} lists?",
    f"(?:stop|quit|cease) {_BOTHERING}",
    "no (?:more|further) (?:messages?|texts?|sms|e ?mails?|calls?|spam)",
    "(?:no mas|basta de) (?:mensajes?|correos?|llamadas?|sms|publicidad)",
    f"(?:sal(?:go|ir|irme)|saquen(?:me)?|quiten(?:me)?|borren(?:me)?) de{_FEW} lista",
    "(?:quiten?|borren?|eliminen?|saquen?) mi (?:numero|telefono|correo)",
    "(?:chega de|nao mais|sem mais) (?:mensagens|mensagem|sms|e ?mails?|ligacoes)",
    f"(?:saio|sair|tir(?:a|e|em)(?: me)?) d(?:a|e|essa|esta|esse|este){_FEW} lista",
    "(?:tir|apag|remov|exclu)(?:a|e|em|am|i|ir|ar) (?:o )?meu (?:numero|e ?mail)",
    f"(?:sortir|quitter|enlevez|retirez|sors)(?: moi)? d(?:e|u){_FEW} liste",
    "(?:supprim|effac|retir|enlev)(?:ez|er|e) mon (?:numero|mail|e ?mail)",
    "(?:plus aucun|assez de) (?:messages?|sms|mails?|e ?mails?|appels?)",
    f"(?:aus|von) (?:der|dieser|ihrer|eurer|dem|diesem|ihrem){_FEW} "
    "(?:liste|verteiler) (?:raus|runter|streichen|loschen|entfernen|nehmen)",
    f"wie komme ich (?:aus|von){_FEW} (?:liste|verteiler)",
    "(?:losch|streich|entfern)(?:e|t|en)(?: sie)?(?: bitte)? meine nummer",
    "keine (?:weiteren )?(?:nachrichten|sms|mails|anrufe)(?: bitte)? mehr",
    f"(?:togli|esc|cancell|rimuov)(?:o|i|a|ete|ate|etemi|atemi) d(?:a|alla){_FEW} "
    "lista",
    "(?:togli|cancella|rimuovi|togliete|cancellate|rimuovete) il mio (?:numero|mail)",
    "(?:basta|niente piu) (?:messaggi|sms|mail|e ?mail|chiamate|telefonate)",
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
    "nao quero mais", "leave my number", "plus de messages", "plus de sms",
    "plus de mails", "plus de pub",
)  # fmt: skip
STOP_VERBS = frozenset({
    "stop", "stopp", "stopping", "quit", "cease", "pare", "parem", "paren", "dejen",
    "dejad", "basta", "arretez", "arrete", "arreter", "cessez", "stoppez", "smettila",
    "smettetela", "smettete", "hort", "aufhoren", "stoppen", "berhenti", "jangan",
    "стоп", "хватит", "перестаньте", "прекратите",
})  # fmt: skip
# "stop by tomorrow?": a visit, unless the word stands in capitals.
STOPS_BY = frozenset({"by", "in", "into", "off", "over"})
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
