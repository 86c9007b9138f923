"""What may surround a keyword, and short phrases that are as good as one.

Compared in the spoken form of `keyword_text`. Editorial: have a native reader look at
a language before it is relied upon.
"""

# May stand around a keyword without changing it. No word here may be an object of the
# verb, a subject ("I quit") or a "no": what is asked for must stay the keyword alone.
COURTESIES: dict[str, str] = {
    "en": "please, pls, plz, plse, kindly, thanks, thank you, thank u, thankyou, thx, "
    "ty, tks, thank you very much, thanks so much, many thanks, cheers, sorry, hi, "
    "hello, hey, dear, sir, madam, team, guys, ok, okay, now, just, already, asap, "
    "immediately, right now, right away, at once, i said, i want to, i want you to, "
    "i would like to, id like to, i wish to, i need to, i need you to, can you, "
    "could you, would you, will you, you must, for good, forever, permanently, "
    "from now on, bye, goodbye, regards, kind regards, best regards, good morning, "
    "good afternoon, good evening, have a nice day, have a good day, "
    "sent from my iphone, sent from my ipad, sent from my phone, sent from my mobile, "
    "sent from my android, sent from my android phone, sent from my samsung galaxy, "
    "sent from my samsung galaxy smartphone, get outlook for ios, "
    "get outlook for android, sent from outlook, sent from mail for windows",
    "es": "por favor, porfavor, porfa, gracias, muchas gracias, quiero, deseo, "
    "quisiera, me gustaria, necesito, solicito, les pido, le pido, hola, buenas, "
    "buenos dias, buenas tardes, buenas noches, ya, ahora, ya mismo, ahora mismo, "
    "inmediatamente, saludos, un saludo, enviado desde mi iphone",
    "pt": "pf, pfv, obrigado, obrigada, muito obrigado, muito obrigada, grato, grata, "
    "quero, eu quero, desejo, gostaria de, eu gostaria de, preciso, ola, oi, bom dia, "
    "boa tarde, boa noite, ja, agora, enviado do meu iphone",
    "fr": "sil vous plait, s il vous plait, sil te plait, svp, stp, merci, "
    "merci beaucoup, merci bien, je veux, je souhaite, je voudrais, jaimerais, "
    "bonjour, bonsoir, salut, maintenant, tout de suite, immediatement, cordialement, "
    "bonne journee, envoye de mon iphone, bonjour madame, bonjour monsieur",
    "de": "bitte, danke, danke schon, dankeschon, vielen dank, ich mochte, ich will, "
    "ich mochte mich, ich will mich, ich mochte bitte, mich, hallo, guten tag, "
    "guten morgen, guten abend, jetzt, sofort, endlich, mfg, grusse, viele grusse, "
    "liebe grusse, mit freundlichen grussen, von meinem iphone gesendet",
    "it": "per favore, perfavore, per piacere, grazie, grazie mille, voglio, vorrei, "
    "desidero, ciao, buongiorno, buonasera, salve, subito, adesso, "
    "inviato da iphone",
    "nl": "alstublieft, alsjeblieft, aub, ajb, graag, bedankt, dank u, dank je, "
    "dank u wel, dank je wel, ik wil, ik wil graag, ik wil me, ik wil mij, "
    "ik wil me graag, goedemorgen, goedemiddag, goedendag, nu, direct, groeten, "
    "met vriendelijke groet, verzonden vanaf mijn iphone",
    "pl": "prosze, bardzo prosze, dziekuje, dzieki, chce, dzien dobry, czesc, teraz, "
    "natychmiast",
    "nordic": "snalla, tack, takk, vanligen, vennligst, venligst, hej, hei, "
    "jag vill, jeg vil, jeg onsker",
    "tr": "lutfen, tesekkurler, tesekkur ederim, sagolun, merhaba, istiyorum",
    "ru": "пожалуйста, спасибо, прошу, хочу, я хочу, здравствуйте, добрый день, привет",
    "uk": "будь ласка, дякую, я хочу, добрий день, доброго дня",
    "ar": "من فضلك, لو سمحت, رجاء, شكرا, اريد, ارجو, مرحبا",
    "hi": "कृपया, धन्यवाद, प्लीज, प्लीज़",
    "id": "tolong, mohon, terima kasih, makasih, saya mau, saya ingin, sila, halo",
    "zh": "谢谢, 謝謝, 请, 請, 你好, 您好",
    "ja": "お願いします, ください, すみません",
    "ko": "감사합니다, 주세요, 부탁드립니다, 부탁합니다, 제발",
    "vi": "xin, vui long, lam on, cam on",
    "he": "בבקשה, תודה",
}

# Opt out when nothing but courtesies surrounds them.
WHOLE_PHRASES: dict[str, str] = {
    "en": "stop it, stop this, stop that, stop these, stop now, stop everything, "
    "stop messages, stop texts, stop sms, stop emails, stop marketing, stop ads, "
    "stop promotions, stop offers, stop spam, stop messaging, stop texting, "
    "stop contacting, stop sending, stop sending me, stop emailing, stop spamming, "
    "stop calling me, stop calling, no more messages, no more texts, "
    "no more emails, no more sms, no more spam, no more ads, remove me, delete me, "
    "remove my number, delete my number, lose my number, remove my email, "
    "delete my email, take me off, take me off this, unsub, unsubscribe all, "
    "unsubscribe here, leave me alone, do not contact, do not contact me, "
    "dont contact me, do not text me, dont text me, do not message me, "
    "dont message me, do not email me, dont email me, do not disturb, "
    "revoke consent, do not call or text, opting out, i opt out",
    "es": "darme de baja, darnos de baja, darse de baja, de baja, no mas mensajes, "
    "no mas publicidad, no mas spam, basta de mensajes, basta de publicidad, "
    "dejenme en paz, dejame en paz, dejeme en paz, no molestar, no molesten, "
    "no me molesten, no molestes, no me escriban, no me envien nada, "
    "eliminar mi numero, borrar mi numero, borren mi numero, eliminen mi numero, "
    "borrenme, eliminenme, quitenme, saquenme, desuscribir, desuscribirme, "
    "cancelar mensajes",
    "pt": "me deixe em paz, me deixa em paz, deixem me em paz, deixa me em paz, "
    "deixe me em paz, nao perturbe, me descadastre, me descadastrar, "
    "remover meu numero, remova meu numero, nao me mande mais nada, "
    "sair da lista, chega de mensagens, me remova, me remove, me tira, me tire, "
    "parar mensagens, pare, parem",
    "fr": "laissez moi tranquille, laisse moi tranquille, fichez moi la paix, "
    "foutez moi la paix, lachez moi, arretez, arrete, arretez tout, stop sms, "
    "stop pub, me desabonner, me desinscrire, desabonnement, desinscription",
    "de": "lass mich in ruhe, lasst mich in ruhe, lassen sie mich in ruhe, "
    "keine nachrichten mehr, keine weiteren nachrichten, keine werbung, "
    "keine werbung mehr, keine sms mehr, keine mails mehr, keine e mails mehr, "
    "nicht mehr schreiben, nicht mehr kontaktieren, aufhoren, hor auf, hort auf, "
    "horen sie auf, meine nummer loschen, loschen sie meine nummer",
    "it": "lasciatemi in pace, lasciami in pace, basta messaggi, basta pubblicita, "
    "non disturbare, disiscrivetemi, disiscrivermi, cancellatemi, smettetela, "
    "smettila, non scrivetemi piu, rimuovetemi, rimuovimi, toglietemi",
    "nl": "laat me met rust, laat mij met rust, geen berichten meer, "
    "geen reclame meer, geen sms meer, niet meer sturen, schrijf me uit, "
    "schrijf mij uit, meld me af, meld mij af, stop ermee, hou op",
    "pl": "dajcie mi spokoj, daj mi spokoj, nie piszcie do mnie, "
    "nie pisz do mnie, prosze mnie wypisac, wypiszcie mnie, usuncie mnie",
    "nordic": "stop tak, stopp tak, sluta skicka, slut med beskeder, "
    "la meg vare i fred, lamna mig i fred, lad mig vaere i fred, slett meg, "
    "ta bort mig, fjern mig, avregistrera mig, afmeld mig, meld meg av",
    "tr": "mesaj istemiyorum, sms istemiyorum, mesaj atmayin, mesaj gondermeyin, "
    "rahatsiz etmeyin, beni rahatsiz etmeyin, listeden cikar, listeden cikarin",
    "ru": "отпишите меня, отпиши меня, не пишите мне, не пишите мне больше, "
    "не беспокойте, хватит, прекратите, оставьте меня в покое, "
    "удалите меня, удалите мой номер, больше не пишите",
    "uk": "відпишіть мене, видаліть мене, не пишіть мені, досить",
    "ar": "لا تراسلوني, لا تراسلني, لا ترسلوا لي, لا ترسل لي, الغاء اشتراكي, "
    "الغي اشتراكي, احذفوني, اوقفوا الرسائل, ايقاف الرسائل",
    "hi": "मैसेज मत भेजो, मैसेज बंद करो, मैसेज मत भेजें, message band karo, "
    "message mat bhejo, msg mat bhejo, band kar do",
    "id": "jangan ganggu saya, jangan kirim lagi, jangan kirim pesan lagi, "
    "berhenti kirim pesan, stop kirim pesan, jangan hubungi saya lagi, "
    "jangan hubungi saya, berhenti langganan",
    "ja": "配信停止してください, 配信を停止してください, 配信停止希望, "
    "もう送らないで, もう送らないでください, 送らないでください",
    "zh": "不要再发了, 别再发了, 别发了, 不要再發了, 別再發了, 別發了, 请退订, 請退訂",
    "ko": "그만 보내, 그만 보내세요, 보내지 마세요, 보내지마세요, 문자 그만",
    "vi": "dung nhan tin nua, khong nhan tin nua, huy dang ky",
    "he": "הסירו אותי, תסירו אותי, הסר אותי, תפסיקו לשלוח, להסיר",
}
