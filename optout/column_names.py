"""How columns of a CSV file are named, in the languages people name them."""

import re
import unicodedata

MAX_NAME_CHARS = 30

_NUMBER = """
    number phone phone_number phonenumber mobile mobile_number mobile_phone cell
    cellphone cell_phone msisdn tel telephone telephone_number whatsapp
    whatsapp_number sms to recipient contact_number
    telefono numero numero_de_telefono movil celular numero_movil
    telefone telemovel numero_de_telefone
    portable numero_de_telephone mobile_phone_number
    telefon telefonnummer handy handynummer mobil mobilnummer mobiltelefon rufnummer
    nummer cellulare numero_di_telefono telefoon telefoonnummer mobiel
    numer numer_telefonu gsm telefon_numarasi no_hp nomor nomor_hp nomor_telepon
    puhelin puhelinnumero matkapuhelin
    телефон номер номер_телефона 手机 手机号 电话 電話 電話番号 携帯 전화번호 휴대폰
    هاتف رقم_الهاتف फ़ोन मोबाइल
"""
_EMAIL = """
    email e_mail mail email_address e_mail_address mail_address emailaddress
    correo correo_electronico courriel adresse_mail adresse_email adresse_e_mail
    e_mail_adresse email_adresse mailadresse posta_elettronica indirizzo_email
    endereco_de_email e_mailadres emailadres adres_email e_posta eposta sahkoposti
    электронная_почта почта 邮箱 电子邮件 電子郵件 メール メールアドレス 이메일
    البريد_الإلكتروني ईमेल
"""
_OPTED_OUT = """
    unsubscribed unsubscribe unsubscribed_at is_unsubscribed opt_out optout opted_out
    opt_outs is_opted_out opted_out_at opt_out_date dnc do_not_contact do_not_call
    do_not_text do_not_email do_not_mail dnd do_not_disturb suppressed
    baja dado_de_baja desuscrito no_contactar no_molestar
    descadastrado nao_contatar desinscrit desabonne ne_pas_contacter
    abgemeldet ausgetragen nicht_kontaktieren disiscritto non_contattare
    afgemeld uitgeschreven wypisany
"""

NUMBER_NAMES = frozenset(_NUMBER.split())
EMAIL_NAMES = frozenset(_EMAIL.split())
OPTED_OUT_NAMES = frozenset(_OPTED_OUT.split())

# What a cell of such a column holds for somebody who did not opt out. Everything else
# counts as a mark, a date for one: to leave somebody out is the smaller fault.
_NO = """
    no n false f 0 0.0 - – none null nil n/a na never active subscribed
    nein non nao não nee nie нет
"""
_CLEAR_NO = frozenset(_NO.split())


def plain(header: str) -> str:
    """A header in lower case, its words joined by underscores, accents folded."""
    decomposed = unicodedata.normalize("NFKD", header.casefold())
    letters = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    composed = unicodedata.normalize("NFC", letters)
    return re.sub(r"\W+", "_", composed).strip("_")


def variable(header: str, position: int) -> str:
    """The variable's name, `[a-z_][a-z0-9_]*`; `column_3` where nothing is left."""
    name = re.sub(r"[^a-z0-9_]+", "", plain(header))[:MAX_NAME_CHARS].strip("_")
    if not name:
        return f"column_{position}"
    return name if not name[0].isdigit() else f"_{name}"[:MAX_NAME_CHARS]


def is_marked(cell: str) -> bool:
    """Whether a cell of an opted-out column says that the person is out."""
    said = cell.strip().casefold()
    return bool(said) and said not in _CLEAR_NO


_NUMBER_KEYS = frozenset(map(plain, NUMBER_NAMES))
_EMAIL_KEYS = frozenset(map(plain, EMAIL_NAMES))


def names_number(header: str) -> bool:
    """Whether a column of this name holds phone numbers."""
    return plain(header) in _NUMBER_KEYS


def names_email(header: str) -> bool:
    """Whether a column of this name holds emails."""
    return plain(header) in _EMAIL_KEYS


def names_opted_out(header: str) -> bool:
    """Whether a column of this name marks who opted out at another place."""
    return plain(header) in OPTED_OUT_NAMES
