"""Names of the jurisdictions that contracts choose the law of."""

from __future__ import annotations

import re

_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa"
    "|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada"
    "|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island"
    "|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming"
    "|District of Columbia|Puerto Rico"
)
PROVINCES = {
    "Canada": "Alberta|British Columbia|Manitoba|New Brunswick|Newfoundland|Nova Scotia|Ontario|Prince Edward Island|Quebec|Saskatchewan",
    "Australia": "New South Wales|Queensland|South Australia|Tasmania|Western Australia",
}
_COUNTRIES = (
    "Argentina|Australia|Austria|Bahamas|Bahrain|Belgium|Bermuda|Brazil|British Virgin Islands|Bulgaria|Canada|Cayman Islands"
    "|Chile|China|Colombia|Costa Rica|Croatia|Cyprus|Czech Republic|Denmark|Egypt|England and Wales|England|Estonia|Finland|France"
    "|Germany|Gibraltar|Greece|Guernsey|Hong Kong|Hungary|Iceland|India|Indonesia|Ireland|Isle of Man|Israel|Italy|Japan|Jersey"
    "|Jordan|Kazakhstan|Kenya|Korea|Kuwait|Latvia|Lebanon|Liberia|Liechtenstein|Lithuania|Luxembourg|Macau|Malaysia|Malta"
    "|Marshall Islands|Mauritius|Mexico|Monaco|Morocco|Netherlands|New Zealand|Nigeria|Northern Ireland|Norway|Pakistan|Panama"
    "|Peru|Philippines|Poland|Portugal|Qatar|Romania|Russia|Russian Federation|Saudi Arabia|Scotland|Serbia|Singapore|Slovakia"
    "|Slovenia|South Africa|South Korea|Spain|Sweden|Switzerland|Taiwan|Thailand|Turkey|Ukraine|United Arab Emirates"
    "|United Kingdom|United States of America|United States|Uruguay|Venezuela|Vietnam"
)

PARTS = {
    "United States": frozenset(_STATES.split("|")),
    "United Kingdom": frozenset(["England", "England and Wales", "Scotland", "Northern Ireland"]),
}
"""Countries whose parts have a law of their own and are named without their country."""
_SAME = {
    "People's Republic of China": "China",
    "PRC": "China",
    "Republic of Korea": "South Korea",
    "Québec": "Quebec",
    "U.S.A.": "United States",
    "U.S.": "United States",
    "U.K.": "United Kingdom",
    "United States of America": "United States",
}
_PROVINCE_OF = {province: country for country, names in PROVINCES.items() for province in names.split("|")}
_KNOWN = {name.lower(): name for name in (*_STATES.split("|"), *_PROVINCE_OF, *_COUNTRIES.split("|"))} | {
    name.lower(): plain for name, plain in _SAME.items()
}
_NAMES = "|".join(re.escape(name).replace(r"\ ", r"\s+").replace("'", "['’]") for name in sorted(_KNOWN, key=len, reverse=True))
_PLACE = re.compile(rf"(?<![\w'’])({_NAMES})(?!\w)", re.IGNORECASE)
_ADJECTIVES = {
    "English": "England",
    "Scottish": "Scotland",
    "Irish": "Ireland",
    "Swiss": "Switzerland",
    "French": "France",
    "German": "Germany",
    "Dutch": "Netherlands",
    "Israeli": "Israel",
    "Japanese": "Japan",
    "Danish": "Denmark",
    "Swedish": "Sweden",
    "Norwegian": "Norway",
    "Chinese": "China",
}
_OF_A_PLACE = re.compile(rf"\b({'|'.join(_ADJECTIVES)})(?=\s+(?:\w+\s+)?laws?\b)")


def known_places() -> list[str]:
    """Every name that is found, as it is normalised."""
    return sorted(set(_KNOWN.values()))


def find_places(text: str) -> list[tuple[int, int, str]]:
    """(start, end, name) of every known state, province and country in `text`, in order; "Swiss law" names one as well."""
    found = [(match.start(), match.end(), _ADJECTIVES[match.group()]) for match in _OF_A_PLACE.finditer(text)]
    for match in _PLACE.finditer(text):
        name = _KNOWN[re.sub(r"\s+", " ", match.group().replace("’", "'")).lower()]
        if match.group()[0].isupper():
            found.append((match.start(), match.end(), f"{name}, {_PROVINCE_OF[name]}" if name in _PROVINCE_OF else name))
    return sorted(found)
