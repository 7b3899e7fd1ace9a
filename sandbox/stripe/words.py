"""What the stand-in's pages say, in English and Dutch, and their frame."""

CARDS = (
    ("4242424242424242", "card_ok"),
    ("4000000000000002", "card_no"),
    ("4000000000009995", "card_poor"),
    ("4000002500003155", "card_bank"),
    ("4000000000000341", "card_later"),
)
ENGLISH = {
    "pay_title": "Pay",
    "today": "To pay today",
    "card": "Card number",
    "card_hint": "Test cards only. Nothing is charged.",
    "code": "Promotion code",
    "email": "E-mail",
    "pay": "Pay",
    "save": "Save this card",
    "back": "Back without paying",
    "bank_title": "Your bank asks",
    "bank": "Is it you who pays?",
    "bank_yes": "Yes, it is me",
    "bank_refuse": "No",
    "bank_no": "Your bank wasn't told that it is you. Nothing was paid.",
    "gone_title": "Not here",
    "gone": "There is nothing to pay at this address.",
    "session_over": "This page is over. Go back and begin again.",
    "invoice": "Invoice",
    "due": "Still to pay",
    "state_draft": "draft",
    "state_open": "open",
    "state_paid": "paid",
    "state_void": "void",
    "state_uncollectible": "given up",
    "card_ok": "pays",
    "card_no": "is declined",
    "card_poor": "has no money",
    "card_bank": "the bank asks",
    "card_later": "pays later never",
    "onboard_title": "Who gets the money?",
    "onboard": "Stripe asks here who the account is of, and which bank the money goes to. Here the name is enough.",
    "onboard_done": "Everything is right",
    "onboard_later": "Later",
    "trade": "Name of the business",
    "note": "Local stand-in of Stripe: for the demo and the tests.",
}
DUTCH = {
    "pay_title": "Betalen",
    "today": "Vandaag te betalen",
    "card": "Kaartnummer",
    "card_hint": "Alleen testkaarten. Er wordt niets afgeschreven.",
    "code": "Actiecode",
    "email": "E-mail",
    "pay": "Betalen",
    "save": "Bewaar deze kaart",
    "back": "Terug zonder te betalen",
    "bank_title": "Je bank vraagt",
    "bank": "Ben jij het die betaalt?",
    "bank_yes": "Ja, ik ben het",
    "bank_refuse": "Nee",
    "bank_no": "Je bank weet niet dat jij het bent. Er is niets betaald.",
    "gone_title": "Niet hier",
    "gone": "Op dit adres is niets te betalen.",
    "session_over": "Deze pagina is voorbij. Ga terug en begin opnieuw.",
    "invoice": "Factuur",
    "due": "Nog te betalen",
    "state_draft": "concept",
    "state_open": "open",
    "state_paid": "betaald",
    "state_void": "vervallen",
    "state_uncollectible": "opgegeven",
    "card_ok": "betaalt",
    "card_no": "wordt geweigerd",
    "card_poor": "heeft geen geld",
    "card_bank": "de bank vraagt",
    "card_later": "betaalt later nooit",
    "onboard_title": "Wie krijgt het geld?",
    "onboard": "Stripe vraagt hier van wie de rekening is en naar welke bank het geld gaat. Hier is de naam genoeg.",
    "onboard_done": "Alles klopt",
    "onboard_later": "Later",
    "trade": "Naam van het bedrijf",
    "note": "Lokale vervanger van Stripe: voor de demo en de tests.",
}
SHELL = """<!doctype html><html lang="$language"><meta charset="utf-8"><meta name="viewport"
content="width=device-width, initial-scale=1"> <title>$title</title><style>
:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:2rem auto;padding:0 1rem}
label{display:block;margin:1rem
0}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.6rem;border:1px solid
#767676;border-radius:.4rem} button{display:block;width:100%;font:inherit;font-weight:600;padding:.75rem;margin:.75rem
# 0;border:0;border-radius:.4rem;background:#4338ca;color:#fff} button.quiet{background:none;color:inherit;border:1px
# solid #767676}table{width:100%}td:last-child{text-align:right}
[role=alert]{border-left:.3rem solid #b91c1c;padding-left:.75rem}.hint,footer{opacity:.75;font-size:.875rem}
:focus-visible{outline:3px solid #4338ca;outline-offset:2px}</style>
<main><h1>$title</h1>$body</main><footer>$note</footer></html>"""


def words(language: str) -> dict[str, str]:
    """Everything that a page says."""
    return DUTCH if language == "nl" else ENGLISH
