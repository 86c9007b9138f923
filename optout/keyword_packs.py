"""The built-in words that opt out, lift or ask for help, by language.

Sourced: the core and the opt-in words of Twilio, AWS, Braze and Telnyx and the per-se
list of 47 CFR 64.1200(a)(10); ARRET, BAJA, ALTA, PARAR, COMEÇAR and DÉMARRER are what
Google Messages sends for its buttons; TD is required by AWS. The other words of the
packs are editorial: a native reader should look at a pack before it is relied upon.

Left out on purpose, because accents are folded or a word means too much:
T (one letter, typed by accident), DUNG (Vietnamese for stop, but also for "right"),
VOLTAR (Portuguese for start, but the "back" of most chat menus, and nobody should be
put back by navigating a menu).
"""

CORE_WORDS = (
    "STOP",
    "STOPALL",
    "STOP ALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
    "OPT OUT",
    "OPT-OUT",
    "REMOVE",
    "ARRET",
    "BAJA",
    "PARAR",
)
# No channel may be deaf to these.
ALWAYS_ON = frozenset({"STOP", "UNSUBSCRIBE"})

# language: (words that opt out, words that lift)
PACKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "es": (
        ("ALTO", "CANCELAR", "DETENER", "DAR DE BAJA", "NO MÁS", "SALIR"),
        ("ALTA", "INICIAR", "COMENZAR"),
    ),
    "pt": (("SAIR", "CANCELAR", "DESCADASTRAR", "REMOVER"), ("COMEÇAR", "INICIAR")),
    "fr": (
        ("ARRÊT", "ARRÊTER", "DÉSABONNER", "DÉSINSCRIRE", "ANNULER"),
        ("DÉMARRER", "REPRENDRE", "RÉABONNER"),
    ),
    "de": (
        ("STOPP", "ABMELDEN", "ABBESTELLEN", "BEENDEN", "KÜNDIGEN", "AUSTRAGEN"),
        ("ANMELDEN", "STARTEN"),
    ),
    "it": (
        ("FERMA", "CANCELLAMI", "DISISCRIVIMI", "ANNULLA", "BASTA"),
        ("INIZIA", "ISCRIVIMI"),
    ),
    "nl": (("AFMELDEN", "UITSCHRIJVEN", "STOPPEN"), ("AANMELDEN", "STARTEN")),
    "pl": (("WYPISZ", "REZYGNUJĘ", "ANULUJ"), ("ZAPISZ",)),
    "sv": (("STOPP", "AVSLUTA", "AVREGISTRERA"), ("STARTA",)),
    "nb": (("STOPP", "AVSLUTT"), ()),
    "da": (("AFMELD", "FRAMELD"), ("TILMELD",)),
    "tr": (("DUR", "DURDUR", "İPTAL", "RET", "ÇIK", "ÇIKIŞ"), ("BAŞLAT",)),
    "ru": (("СТОП", "ОТПИСАТЬСЯ", "ОТПИСКА", "ОТМЕНА"), ("СТАРТ", "ПОДПИСАТЬСЯ")),
    "uk": (("СТОП", "ВІДПИСАТИСЯ"), ("ПІДПИСАТИСЯ",)),
    "ar": (("توقف", "إيقاف", "إلغاء", "إلغاء الاشتراك"), ("ابدأ", "اشتراك")),
    "hi": (("बंद", "बंद करो", "रोको", "रोकें", "BAND KARO"), ("शुरू", "SHURU")),
    "bn": (("বন্ধ", "থামুন"), ("শুরু",)),
    "ta": (("நிறுத்து", "நிறுத்தவும்"), ("தொடங்கு",)),
    "id": (("BERHENTI", "UNREG", "BATAL"), ("MULAI", "REG")),
    "ms": (("HENTI", "BATAL"), ("MULA",)),
    "zh": (
        ("退订", "退訂", "停止", "取消", "取消订阅", "取消訂閱", "TD"),
        ("订阅", "訂閱", "开始", "開始"),
    ),
    "ja": (("配信停止", "解除", "ストップ"), ("再開", "登録")),
    "ko": (("수신거부", "중지", "그만"), ("수신동의", "시작")),
    "vi": (("HỦY", "TỪ CHỐI"), ("ĐĂNG KÝ",)),
    "th": (("ยกเลิก", "หยุด"), ("สมัคร",)),
    "he": (("הסר", "עצור", "הפסק"), ("התחל",)),
}

START_WORDS = ("START", "UNSTOP", "SUBSCRIBE")
# Lifts only where a channel says so: elsewhere it confirms bookings.
YES = "YES"
# AIDE: the French half of the Canadian rules for short codes and RCS.
HELP_WORDS = ("HELP", "INFO", "AIDE")
