"""Words and sentences of the synthetic annual reports: names, ways to state a fact, and filler."""

from __future__ import annotations

import random

_STARTS = """
    Al Ber Cal Dar El Fen Gar Hal Is Jor Kal Lin Mar Nor Or Pel Quin Ros Sal Tor Ul Ver Wes Yar Zel Bran Cor
    Drav Esk Finn Glen Hest Iven Kes Lor Mel Nev Ost Prim Ras
""".split()
_ENDS = """
    ano bury cott dale den ford gard ham holt ia ius kirk land lock mere mont nia nova ora os over polis
    quay ridge rin sted stock tara tek ton una vale vara ver vik ward wick wood worth yn
""".split()
_SECTORS = """
    Logistics Optics Foods Textiles Energy Marine Software Robotics Timber Glass Ceramics Insurance Media
    Pharma Instruments Mining Aviation Paper Seeds Plastics
""".split()
_FIRST = """
    Ada Bruno Clara Dmitri Elena Farid Greta Hugo Ines Jonas Kira Leon Mira Nils Olga Pavel Rosa Stefan
    Tilda Umar Vera Walter Xenia Yusuf Zora Amir Bianca Cedric Dora Emil
""".split()
_LAST = """
    Abbas Brandt Castillo Dorn Eriksen Fontaine Grünwald Haddad Ivanov Jansen Keller Lindqvist Moreau Novak
    Okafor Petrov Quist Rinaldi Sorensen Takeda Ulrich Vasquez Weiss Yamada Zeman Archer Bellini Costa Duval
    Ekberg
""".split()
CITIES = """
    Lisbon Oslo Vienna Turin Ghent Porto Malmö Krakow Lyon Bremen Graz Tampere Bilbao Utrecht Leeds Cork
    Zagreb Riga Vilnius Tallinn Bergen Aarhus Basel Geneva Seville Nantes Trieste Gdansk Brno Linz
""".split()
QUARTERS = ("first", "second", "third", "fourth")

# {s} is the subsidiary, {v} the value, {q} the quarter, {y} the year of the report.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "revenue": (
        "{s} recorded revenue of {v} million euros in the {q} quarter of {y}.",
        "In the {q} quarter of {y}, revenue at {s} came to {v} million euros.",
        "Revenue of {v} million euros was booked by {s} in the {q} quarter of {y}.",
    ),
    "headcount": (
        "{s} employed {v} people at the end of {y}.",
        "At the end of {y}, the headcount of {s} stood at {v} people.",
        "A total of {v} people worked for {s} at the end of {y}.",
    ),
    "founded": (
        "{s} was founded in {v}.",
        "The history of {s} goes back to {v}, the year in which it was founded.",
    ),
    "head": (
        "{s} is led by {v} as its chief executive.",
        "The chief executive of {s} is {v}.",
        "{v} serves as chief executive of {s}.",
    ),
    "city": (
        "The head office of {s} is in {v}.",
        "{s} has its head office in {v}.",
    ),
    "office": (
        "In {v}, {s} opened a new office in {q}.",
        "{s} opened a new office in {q} in {v}.",
    ),
}

# Filler has no figures and no names: it cannot contradict a fact or answer a question.
_FILLER = (
    "{who} continued to {do} {thing} {how}.",
    "{when}, {who_low} chose to {do} {thing}, {aim}.",
    "Although conditions were {mood}, {who_low} managed to {do} {thing} {how}.",
    "The decision to {do} {thing} was taken {how}, {aim}.",
    "{who} will {do} {thing} wherever that serves customers, {aim}.",
    "It remains a priority to {do} {thing}, {aim}.",
    "{when}, the market for {good} was {mood}, and {who_low} acted {how}.",
    "Customers of {good} asked us to {do} {thing}, which was done {how}.",
    "Since the market for {good} stayed {mood}, {who_low} began to {do} {thing}.",
    "Suppliers of {good} were asked {how} to {do} {thing}.",
)
_SLOTS: dict[str, tuple[str, ...]] = {
    "who": (
        "The board", "The group", "Management", "The audit committee", "The procurement team", "The works council",
        "Our engineers", "The risk function", "The sales organisation", "The legal department",
        "The sustainability office", "The internal auditors",
    ),
    "do": (
        "review", "simplify", "strengthen", "document", "harmonise", "test", "renew", "monitor", "discuss",
        "improve", "explain", "reorganise", "defend", "question",
    ),
    "thing": (
        "the planning process", "long-standing supplier contracts", "the common data platform", "safety training",
        "the pricing of spare parts", "the code of conduct", "energy use in the plants", "warehouse routines",
        "the approval of travel", "the handling of complaints", "research priorities", "the succession plans",
        "the maintenance schedule", "the reporting lines", "the archive of drawings", "currency hedging",
    ),
    "how": (
        "with great care", "in close contact with customers", "without outside advice", "step by step",
        "in line with the strategy", "despite some delays", "together with the unions", "as agreed with lenders",
        "in all regions", "with modest means", "more quietly than before", "on the advice of experts",
    ),
    "when": (
        "During the summer months", "After a slow start", "Towards the end of the period", "As in earlier years",
        "Over the winter", "Following long discussions", "In the course of the review", "Once supply had settled",
    ),
    "aim": (
        "so that waste is kept low", "which the lenders welcomed", "with patience rather than speed",
        "because trust takes time to build", "in order to keep risks in view", "as the guidelines demand",
        "even where this costs effort", "so that lessons are not lost", "without losing sight of quality",
    ),
    "mood": (
        "demanding", "calm", "uneven", "better than feared", "hard to read", "friendly", "subdued", "volatile",
    ),
    "good": (
        "packaging", "industrial sensors", "spare parts", "fine chemicals", "workwear", "office furniture",
        "measuring tools", "building materials", "cooling systems", "laboratory supplies",
    ),
}  # fmt: skip
HEADINGS = (
    "Business review", "Markets", "Governance", "Risk management", "Operations", "Sustainability", "People",
    "Outlook", "Research and development", "Supply chain", "Compliance", "Digitalisation",
)  # fmt: skip


def companies(rng: random.Random, count: int) -> list[str]:
    """Different company names, at most 1600; no two have the same first word."""
    names = rng.sample([a + b for a in _STARTS for b in _ENDS], count)
    return [f"{name} {rng.choice(_SECTORS)}" for name in names]


def people(rng: random.Random, count: int) -> list[str]:
    """Different full names, at most 900."""
    return rng.sample([f"{a} {b}" for a in _FIRST for b in _LAST], count)


def filler(rng: random.Random) -> str:
    """One sentence without a figure, a name or a fact."""
    words = {slot: rng.choice(options) for slot, options in _SLOTS.items()}
    who = words["who"]
    return rng.choice(_FILLER).format(**words, who_low=who[0].lower() + who[1:])
