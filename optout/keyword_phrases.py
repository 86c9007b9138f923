"""Phrases that opt out wherever they stand in a short message.

Written as `keyword_text.spoken` leaves a message: lower case, without accents,
apostrophes and punctuation. No pattern holds an unbounded repeat, so matching stays
linear in the length of the message. Editorial: have a native reader look at a language
before it is relied upon.
"""

_MESSAGES = (
    "(?:text messages?|texts?|messages?|msgs?|sms|e ?mails?|mails?|spam|ads|adverts?|"
    "advertising|offers|promos?|promotions?|newsletters?|marketing|notifications?|"
    "alerts|junk)"
)
_ME = "(?:me|us|my (?:phone |mobile |cell )?number|this number|my e ?mail(?: address)?)"
_WHOSE = (
    "(?:your|this|the|all|any|that) (?:(?:mailing|e ?mail|text|sms|contacts?|calling|"
    "call|marketing|distribution|phone|whatsapp|messaging|broadcast|subscriber) )?"
)
_SOME = "(?:(?:any|these|those|your|this|all|the|so many|such) )?"
_FURTHER = "(?:(?:more|further|other|stupid|damn|fucking|unwanted|promotional) )?"
_ES_MSG = (
    "(?:mensajes?|correos?|sms|publicidad|promociones|promocion|ofertas|"
    "notificaciones|whats ?apps?|e ?mails?|spam|newsletters?|anuncios)"
)
_PT_MSG = (
    "(?:mensagens|mensagem|msgs?|sms|e ?mails?|propagandas?|promocoes|ofertas|"
    "notificacoes|spam|publicidade|whats ?app)"
)
_FR_MSG = (
    "(?:messages?|sms|mails?|e ?mails?|pubs?|publicites?|courriels?|newsletters?|"
    "promotions?|offres|notifications?|spams?)"
)
_DE_MSG = (
    "(?:nachrichten|nachricht|sms|mails?|e ?mails?|werbung|newsletter|whats ?apps?|"
    "angebote|werbemails?|werbenachrichten)"
)
_IT_MSG = "(?:messaggi|messaggio|sms|e ?mail|mail|pubblicita|promozioni|offerte|spam)"
_NL_MSG = (
    "(?:berichten|berichtjes|sms|smsjes|e ?mails?|mails?|reclame|nieuwsbrieven|"
    "nieuwsbrief|appjes|spam|aanbiedingen)"
)

# Opt out wherever they stand in a short message, unless a "not" comes just before.
PHRASES: tuple[tuple[str, str], ...] = (
    (
        "en",
        "(?:stop|quit|cease) (?:texting|messaging|contacting|e ?mailing|mailing|"
        f"spamming|writing|bothering|harassing|msging|pestering)(?: to)? {_ME}",
    ),
    (
        "en",
        f"(?:stop|quit|cease) sending (?:{_ME} )?{_SOME}{_FURTHER}{_MESSAGES}",
    ),
    ("en", f"stop (?:the|these|all|your|those|any|all the) {_FURTHER}{_MESSAGES}"),
    (
        "en",
        "(?:want no|(?:receive|get|send(?: me)?) no (?:more|further)) "
        f"{_FURTHER}{_MESSAGES}",
    ),
    (
        "en",
        f"(?:remove|delete|take|get|drop|unsubscribe) (?:{_ME}|my name)(?: off)?"
        f"(?: from| of)? {_WHOSE}(?:lists?|database|system|records|contacts|"
        f"mailings?|distribution|{_MESSAGES})",
    ),
    ("en", f"unsubscribe {_ME}"),
    ("en", f"unsubscribe from {_WHOSE}(?:lists?|{_MESSAGES})"),
    ("en", "(?:want|like|need|wish) to (?:unsubscribe|opt out)"),
    ("en", "opt (?:me|us) out"),
    ("en", f"opt out (?:of|from) {_WHOSE}(?:lists?|{_MESSAGES})"),
    (
        "en",
        "(?:do not|dont|never) (?:ever )?(?:text|message|contact|e ?mail|msg|spam|"
        f"write(?: to)?) {_ME}(?: ever)? (?:again|any ?more)",
    ),
    (
        "en",
        "(?:do not|dont|no longer|dont ever) (?:want|wish|care)(?: to)? "
        f"(?:(?:receive|get|have|see) )?{_SOME}{_FURTHER}{_MESSAGES}",
    ),
    (
        "en",
        "(?:do not|dont|no longer) (?:want|wish) to (?:hear from|be contacted|"
        "be texted|be messaged|be e ?mailed)",
    ),
    ("en", "(?:revoke|withdraw) my consent"),
    ("en", "leave me alone"),
    (
        "es",
        "no (?:quiero|deseo|quisiera|queremos) (?:recibir )?(?:mas )?"
        f"(?:(?:sus|tus|estos|esos|los|estas|sus|otros) )?{_ES_MSG}",
    ),
    ("es", "no (?:quiero|deseo|quisiera|queremos)(?: seguir)? recib(?:ir|iendo) mas"),
    ("es", f"no (?:quiero|deseo) seguir recibiendo (?:(?:sus|tus|estos) )?{_ES_MSG}"),
    (
        "es",
        "no (?:me|nos) (?:envien?|envies|manden?|mandes|escriban?|escribas|"
        "contacten?|contactes|molesten?|molestes) (?:nunca )?mas",
    ),
    ("es", f"no (?:me |nos )?(?:envien?|envies|manden?|mandes) (?:mas )?{_ES_MSG}"),
    (
        "es",
        "(?:deja|dejen|dejad|deje|paren|pare) de (?:enviar|mandar|escribir|contactar|"
        "molestar|spamear)(?:me|nos)",
    ),
    ("es", f"(?:deja|dejen|dejad|deje|paren) de (?:enviar|mandar) {_ES_MSG}"),
    ("es", "(?:dame|deme|denme|dadme) de baja"),
    (
        "es",
        "(?:borrame|borreme|borrenme|eliminame|elimineme|eliminenme|quitame|quiteme|"
        "quitenme|sacame|saqueme|saquenme|darme de baja) de (?:su|tu|la|esta|vuestra|"
        "sus|tus|las|estas) (?:listas?|base de datos|lista de \\S{1,20})",
    ),
    ("pt", "nao (?:quero|desejo) (?:mais receber|receber mais)"),
    ("pt", "nao gostaria de (?:mais )?receber mais"),
    (
        "pt",
        "nao (?:quero|desejo|gostaria de)(?: receber)?(?: mais)? "
        f"(?:(?:as|suas|essas|estas|tuas) )?{_PT_MSG}",
    ),
    (
        "pt",
        "(?:parem|para|pare) de me (?:enviar|mandar|escrever|contatar|contactar|"
        "incomodar|perturbar|chamar|encher)",
    ),
    ("pt", f"(?:parem|para|pare) de (?:enviar|mandar) (?:me )?{_PT_MSG}"),
    (
        "pt",
        "nao me (?:envi[ae]m?|envies|mand[ae]m?|mandes|escrev[ae]m?|contat[ae]m?|"
        "contact[ae]m?|incomod[ae]m?|perturb[ae]m?|cham[ae]m?) mais",
    ),
    ("pt", f"nao (?:me )?(?:enviem?|mandem?|mande) (?:mais )?{_PT_MSG}"),
    (
        "pt",
        "(?:me )?(?:tir[ae]m?|remov[ae]m?|retir[ae]m?|retirem|exclu[ai]m?|apaguem?|"
        "sair)(?: me| o meu numero| meu numero)? d(?:a|esta|essa|e) "
        "(?:(?:sua|tua|vossa|esta) )?(?:listas?|base de dados)",
    ),
    (
        "fr",
        "(?:arretez|arrete|arreter|darreter|cessez|cesser|stoppez) de (?:me |nous |m)"
        "(?:ecrire|envoyer|contacter|harceler|deranger|spammer|spamer|importuner)",
    ),
    (
        "fr",
        "(?:veux|souhaite|desire|souhaitons|voulons) plus (?:recevoir|etre contacte)",
    ),
    (
        "fr",
        "(?:veux|souhaite|desire) (?:plus|pas)(?: recevoir)? (?:(?:de|vos|ces|aucun|"
        f"daucun|tes) )?{_FR_MSG}",
    ),
    (
        "fr",
        "ne (?:(?:mecrivez|me contactez|me derangez) (?:plus|pas)|"
        "menvo(?:yez|ie) plus)",
    ),
    (
        "fr",
        "(?:retirez|enlevez|supprimez|retirer|enlever|supprimer|desinscrivez|"
        "desabonnez|effacez) (?:moi|mon numero|mon adresse|mon e ?mail|mon mail)",
    ),
    (
        "fr",
        "(?:veux|souhaite|voudrais|jaimerais|desire) me (?:desabonner|desinscrire)",
    ),
    ("fr", "laissez moi tranquille"),
    (
        "de",
        "(?:mochte|will|wunsche|wollen|mochten) (?:(?:ich|wir|bitte|ab sofort) )?"
        f"keine (?:weiteren |weitere )?{_DE_MSG}(?! verpassen)",
    ),
    (
        "de",
        "(?:hort|horen sie|hor)(?: bitte)?(?: endlich)? auf(?: mir| uns| mich)? "
        f"(?:{_DE_MSG} )?zu (?:schreiben|senden|schicken|kontaktieren|nerven|spammen|"
        "belastigen)",
    ),
    (
        "de",
        "(?:schreiben sie|schreibt?|kontaktieren sie|kontaktiert?|senden sie|"
        "schicken sie|sendet|schickt|schick) (?:bitte )?(?:mir|mich|uns) (?:bitte )?"
        f"(?:nicht mehr|nie wieder|keine (?:weiteren )?{_DE_MSG})",
    ),
    (
        "de",
        "(?:mich|meine nummer|meine (?:e )?mail(?: adresse)?)(?: bitte)? (?:aus|von) "
        "(?:dem|der|ihrem|ihrer|eurem|eurer|diesem|dieser) (?:verteiler|liste|"
        "mailingliste|newsletter|datenbank)",
    ),
    ("de", "(?:mochte|will|wurde)(?: ich)? mich (?:abmelden|austragen)"),
    ("de", "(?:lasst|lass|lassen sie) mich in ruhe"),
    ("it", "non (?:voglio|desidero|vorrei) piu (?:ricevere|essere contattat[oa])"),
    (
        "it",
        "non (?:voglio|desidero|vorrei)(?: ricevere)? (?:(?:piu|altri|altre|i vostri|"
        f"questi|vostri|la vostra) )?{_IT_MSG}",
    ),
    (
        "it",
        "(?:smettetela|smettila|smetti|smettete|smetta|basta) (?:di|con) (?:scrivermi|"
        "mandarmi|inviarmi|contattarmi|disturbarmi|i messaggi|questi messaggi|"
        "la pubblicita)",
    ),
    ("it", f"non (?:mandatemi|inviatemi|mandarmi|inviarmi) (?:piu )?{_IT_MSG}"),
    ("it", "non (?:scrivetemi|contattatemi|disturbatemi|contattarmi|scrivermi) piu"),
    (
        "it",
        "(?:cancellatemi|cancellami|toglietemi|toglimi|rimuovetemi|rimuovimi|"
        "eliminatemi|eliminami) dall?[ae]? (?:(?:vostra|tua|sua|vostre) )?(?:lista|"
        "liste|mailing list|database|rubrica)",
    ),
    (
        "nl",
        f"(?:wil|wens|hoef)(?: ik)?(?: graag)? geen {_NL_MSG}(?! missen)",
    ),
    (
        "nl",
        "(?:stop|hou op|houd op) met (?:het )?(?:sturen|smsen|appen|mailen|spammen|"
        "schrijven|berichten)",
    ),
    (
        "nl",
        "(?:haal|verwijder|schrap) (?:mij|me|mijn nummer|mijn (?:e )?mail)"
        "(?: \\S{1,20})? (?:van|uit) (?:de|jullie|uw|je|deze|het) (?:lijst|"
        "mailinglijst|verzendlijst|bestand|database|systeem)",
    ),
    ("nl", "wil (?:ik )?(?:me|mij)(?: graag)? (?:afmelden|uitschrijven)"),
    (
        "pl",
        "nie chce (?:wiecej |juz )?(?:wiadomosci|smsow|maili|reklam|otrzymywac|"
        "dostawac)",
    ),
    (
        "pl",
        "(?:wypiszcie|usuncie|wypisz|usun|wypisac|usunac)(?: mnie| moj numer) z "
        "(?:waszej )?(?:listy|bazy|newslettera)",
    ),
    ("pl", "(?:przestancie|przestan|przestac) (?:do mnie )?(?:pisac|wysylac|spamowac)"),
    ("pl", "nie (?:piszcie|pisz|wysylajcie|wysylaj) (?:do mnie |mi )?wiecej"),
    (
        "tr",
        "(?:mesaj|sms|mail|e ?posta)(?:lar)? (?:atmayin|atma|gondermeyin|gonderme|"
        "istemiyorum|almak istemiyorum|yollamayin)",
    ),
    ("tr", "beni listeden (?:cikarin|cikar|silin|sil)"),
    (
        "ru",
        "не (?:хочу|желаю) (?:больше )?(?:получать|ваших сообщений|сообщений|рассылк)",
    ),
    (
        "ru",
        "(?:удалите|уберите|исключите|отпишите|вычеркните) (?:меня|мой номер)"
        "(?: из| от| с)? (?:вашего |вашей |этого |этой )?(?:списка|рассылки|базы)",
    ),
    (
        "ru",
        "(?:не (?:пишите|присылайте|шлите)(?: мне)? больше|больше(?: мне)? не "
        "(?:пишите|присылайте|шлите))",
    ),
    (
        "ru",
        "(?:хватит|перестаньте|прекратите) (?:мне )?(?:писать|слать|присылать|спамить)",
    ),
    ("uk", "не хочу (?:більше )?(?:отримувати|одержувати)"),
    ("uk", "більше не (?:пишіть|надсилайте)"),
    (
        "id",
        "(?:jangan|berhenti|stop) (?:kirim|mengirim|kirimkan|hantar|menghantar) "
        "(?:saya |lagi )?(?:pesan|mesej|sms|promosi|iklan|email)",
    ),
    ("id", "hapus (?:nomor )?saya dari (?:daftar|list|database)"),
    (
        "id",
        "(?:tidak|gak|ga|nggak|tak) (?:mau|ingin|nak) (?:terima|menerima|dapat) "
        "(?:lagi )?(?:pesan|mesej|sms|email|promosi|iklan)",
    ),
    ("ar", "لا (?:ارغب|اريد) (?:في )?(?:استقبال|تلقي|استلام) (?:رسائل|الرسائل|المزيد)"),
    ("ar", "(?:توقف|توقفوا) عن (?:ارسال|مراسلتي|الارسال)"),
    ("ar", "(?:احذفوني|ازيلوني|احذفني|ازلني) من (?:القائمة|القائمه|قائمتكم)"),
    (
        "hi",
        "(?:message|msg|sms|messages|मैसेज|संदेश) (?:mat|band|मत|बंद) (?:bhejo|bhejna|"
        "bhejiye|karo|kijiye|kar do|karna|भेजो|भेजें|भेजिए|करो|करें|कर दो)",
    ),
)

# The same for scripts that put no spaces between words: found inside a run of signs.
UNSPACED_PHRASES: tuple[tuple[str, str], ...] = (
    (
        "zh",
        "(?:不要|别|別|请勿|請勿|停止|勿)再?(?:给我|給我|向我)?再?(?:发|發|传|傳)"
        "(?:送)?(?:短信|簡訊|简讯|信息|訊息|消息|广告|廣告|邮件|郵件|讯息)",
    ),
    (
        "zh",
        "(?:不要|别|別|请勿|請勿)再(?:给我|給我)?(?:发|發|联系|聯繫|打扰|打擾|骚扰|騷擾)",
    ),
    ("zh", "(?:我要|我想|想要|帮我|幫我)(?:退订|退訂|取消订阅|取消訂閱)"),
    (
        "zh",
        "(?:不想|不要)再?(?:收到|接收)(?:你们|你們|贵公司|任何|这些|這些)?的?"
        "(?:短信|信息|訊息|消息|广告|廣告|邮件|郵件|簡訊)",
    ),
    (
        "ja",
        "(?:配信|送信|メール|メッセージ)を?(?:停止|解除|中止)(?:して|を?お願い|希望)",
    ),
    ("ja", "(?:メール|メッセージ|連絡)(?:を|は)?(?:もう)?(?:送らないで|しないで)"),
    ("ko", "(?:문자|메시지|메세지|광고|메일|이메일)(?:를|을|는)? ?(?:그만|보내지 ?마)"),
    ("ko", "수신 ?거부 ?(?:부탁|해|요청|합니다)"),
)

NEGATIONS = frozenset({
    "not", "dont", "doesnt", "didnt", "never", "wont", "cannot", "cant", "without",
    "nicht", "nie", "niet", "pas", "jangan", "non", "nao", "nunca", "sin", "sem", "не",
    "ни", "ikke", "inte", "لا",
})  # fmt: skip
