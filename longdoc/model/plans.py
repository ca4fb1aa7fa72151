"""What a summary of a contract, a filing or a paper must say, and in which order.

A plan is a list of topics. A topic is described by labels of the domain's label set (their descriptions, examples and usual
headings, and, where the label is trained, the clauses that were found for it), by sentences of its own, and by patterns.
"""

from __future__ import annotations

from longdoc.model.plan_call import CALL, spoken
from longdoc.model.topics import FIGURE, MEASURED, Plan, Topic
from longdoc.model.wording import any_of
from longdoc.types import Document, Domain

CONTRACT = Plan(
    labels="cuad",
    topics=(
        Topic(
            "parties",
            labels=("Parties", "Agreement Date", "Document Name"),
            about=("This agreement is made and entered into as of the date by and between the two companies.",),
            cues=any_of(r"\b(?:by and )?(?:between|among)\b.+\band\b", r"\bentered into\b", r"\bis made\b"),
            needs=any_of(
                r"\b(?:agree\w*|contract|licen[cs]e|amendment|lease) .+\b(?:between|among|by|with|and)\b",
                r"\b(?:corporation|company)\b.+\band\b",
            ),
            most=1,
            longest=700,
            open_ended=True,
            early=True,
            first=0,
        ),
        Topic(
            "purpose",
            about=(
                "The company wishes to engage the supplier to provide the services.",
                "The purpose of this agreement is to set out the terms on which the parties will work together.",
                "The company appoints the distributor to sell the products in the territory.",
            ),
            labels=("License Grant",),
            headings=("Recitals", "Background", "Purpose", "Appointment", "Engagement", "Scope", "Grant", "License", "Witnesseth"),
            cues=any_of(
                r"\bwhereas\b",
                r"\bdesires?\b",
                r"\bwish(?:es)?\b",
                r"\bpurpose of this\b",
                r"\bhereby (?:grants?|appoints?|engages?|agrees?)\b",
            ),
            avoids=any_of(r"\bin consideration of\b", r"\bby and between\b"),
            early=True,
            first=1,
        ),
        Topic(
            "term",
            labels=("Effective Date", "Expiration Date", "Renewal Term", "Notice Period To Terminate Renewal"),
            about=("This agreement starts on the effective date and continues for an initial term of two years.",),
            headings=("Term", "Term of Agreement", "Duration", "Term and Termination", "Renewal", "Commencement"),
            cues=any_of(
                r"\binitial term\b",
                r"\bterm of (?:this|the) (?:\w+ )?(?:agreement|contract|lease)",
                r"\b(?:automatically|shall|will|may) (?:be )?renew",
                r"\bremain in (?:full force|effect)",
                r"\bcontinue (?:for|until|in|thereafter)",
                r"\b(?:shall|will) (?:commence|begin|expire|end)\b",
                r"\b(?:years?|months|anniversary)\b",
            ),
            needs=any_of(r"\bterm\b(?!s)", r"\brenew", r"\beffective date\b", r"\bagreement\b.+\b(?:expir\w+|until|in effect)\b"),
            avoids=any_of(
                r"\bduring (?:the|any|each|such|\[).{0,25}\bterm\b",
                r"\b(?:following|after|upon) the (?:expir|terminat)",
                r"\bsurviv",
                r"\bwithin \w+ \(?\d+\)? (?:business )?days",
                r"\bbreach",
            ),
            first=2,
        ),
        Topic(
            "money",
            labels=("Revenue/Profit Sharing", "Minimum Commitment", "Price Restrictions", "Volume Restriction"),
            about=(
                "The customer shall pay the fees within thirty days of the invoice.",
                "The price of the products and the royalties that are due.",
            ),
            headings=("Fees", "Payment", "Payments", "Compensation", "Price", "Prices", "Pricing", "Royalties", "Consideration", "Charges"),
            cues=any_of(r"\b(?:shall|will|agrees to|must) pay\b", r"\binvoice", r"\broyalt", FIGURE.pattern),
            needs=any_of(r"\b(?:pay\w*|fees?|prices?|pricing|cost\w*|royalt\w*|amount\w*|compensation|invoice\w*|revenues?|charges?)\b"),
            most=3,
            first=3,
        ),
        Topic(
            "duties",
            labels=("Exclusivity", "Non-Compete", "Ip Ownership Assignment", "Audit Rights", "License Grant", "No-Solicit Of Employees"),
            about=(
                "The supplier shall provide the services and deliver the products in accordance with the specifications.",
                "The party shall keep the confidential information secret and use it only for this agreement.",
            ),
            headings=("Obligations", "Duties", "Responsibilities", "Services", "Supply", "Delivery", "Exclusivity", "Confidentiality"),
            cues=any_of(r"\b(?:shall|will|must|agrees? to|undertakes? to|covenants?)\b(?! pay)"),
            needs=any_of(r"\b(?:shall|will|must|agree[sd]?|undertakes?|grants?|exclusive\w*)\b"),
            avoids=any_of(r"\bshall be governed\b", r"\bshall mean\b", r"\bshall have the meaning"),
            most=3,
            first=4,
        ),
        Topic(
            "exits",
            labels=("Termination For Convenience", "Post-Termination Services", "Change Of Control", "Anti-Assignment"),
            about=(
                "Either party may terminate this agreement upon written notice if the other party breaches it and does not cure.",
                "What happens after the termination of this agreement.",
            ),
            headings=("Termination", "Term and Termination", "Effect of Termination", "Default", "Assignment", "Change of Control"),
            cues=any_of(r"\bterminat", r"\bassign(?:ed|ment)?\b"),
            needs=any_of(r"\bterminat\w*", r"\bassign\w*", r"\bchange (?:of|in) control\b", r"\bcancel\w*"),
            most=3,
            first=3,
        ),
        Topic(
            "risk",
            labels=(
                "Cap On Liability",
                "Uncapped Liability",
                "Liquidated Damages",
                "Insurance",
                "Warranty Duration",
                "Covenant Not To Sue",
            ),
            about=(
                "In no event shall either party be liable for indirect or consequential damages.",
                "The supplier shall indemnify and hold harmless the customer against claims of third parties.",
            ),
            headings=("Limitation of Liability", "Liability", "Indemnification", "Indemnity", "Warranties", "Warranty", "Insurance"),
            cues=any_of(r"\bliab", r"\bindemnif", r"\bwarrant", r"\bdamages\b", r"\binsur"),
            needs=any_of(r"\bliab\w*", r"\bindemn\w*", r"\bwarrant\w*", r"\bdamages\b", r"\binsur\w*", r"\brisk\w*", r"\bsue\b"),
            most=3,
            first=4,
        ),
        Topic(
            "law",
            labels=("Governing Law",),
            about=("This agreement is governed by the laws of the State.",),
            headings=("Governing Law", "Applicable Law", "Choice of Law", "Jurisdiction", "Dispute Resolution", "Arbitration"),
            cues=any_of(r"\bgoverned by\b", r"\blaws of\b", r"\barbitrat"),
            needs=any_of(r"\blaws?\b", r"\bjurisdiction\b", r"\barbitrat\w*", r"\bcourts?\b"),
            most=1,
            first=6,
        ),
    ),
)

FILING = Plan(
    labels="filing",
    topics=(
        Topic(
            "business",
            labels=("Business Description", "Segment"),
            about=("The company is a global provider of products and services.",),
            headings=("About", "The Company", "Our Company"),
            cues=any_of(
                r"\b(?:is|are) an? (?:\w+[ -]){0,6}(?:company|manufacturer|provider|retailer|producer|supplier|leader)\b",
                r"\b(?:is|are) an? (?:\w+[ -]){0,6}(?:developer|operator|bank|group|corporation|designer|distributor)\b",
                r"\b(?:designs?|makes?|manufactures?|sells?|develops?|operates?|provides?|markets?)\b.{0,60}"
                r"\b(?:products?|services?|equipment|systems?|software|solutions?|stores|warehouses|restaurants)\b",
                r"\b(?:three|four|five|six|two|seven) (?:\w+ ){0,3}segments\b",
                r"\breportable segments\b",
            ),
            avoids=any_of(
                r"\b(?:higher|lower|increas\w*|decreas\w*|declin\w*|evaluat\w*|recorded|restat\w*|reclassif\w*)\b",
                r"\bwould (?:fall|rise|decrease|increase|have)\b|\baccounting (?:polic|principle|standard)|\bbased on management",
            ),
            most=3,
            early=True,
            first=1,
        ),
        Topic(
            "results",
            labels=("Revenue", "Net Income", "Operating Income", "Earnings Per Share", "Gross Margin"),
            headings=("Results of Operations", "Overview", "Financial Highlights", "Highlights"),
            cues=any_of(
                r"\b(?:sales|revenues?|earnings|income|loss|margins?)\b.{0,80}\b(?:increas|decreas|rose|fell|grew|declin)",
                r"\b(?:sales|revenues?|earnings|income|loss|margins?)\b.{0,80}\b(?:was|were|up|down|totall?ed)\b",
                r"\b(?:worldwide|consolidated|total company|per (?:diluted )?share|net (?:income|earnings|loss))\b",
            ),
            needs=FIGURE,
            avoids=any_of(
                r"\b(?:pension|hypothetical|discount rate|deferred revenue|contract (?:liabilit|asset)|backlog)",
                r"\bderivativ|\brevenue (?:was|is) recogni[sz]ed\b|\bfair value\b|\bpro forma\b",
            ),
            most=4,
            first=0,
        ),
        Topic(
            "outlook",
            labels=("Outlook",),
            cues=any_of(
                r"\b(?:expects?|guidance|outlook|anticipates?|forecast)\b.{0,120}\b(?:sales|earnings|revenues?|growth|margins?|per share)\b"
            ),
            needs=any_of(r"\b(?:expect\w*|guidance|outlook|anticipat\w*|forecast\w*|targets?)\b"),
            most=1,
            first=6,
        ),
        Topic(
            "risks",
            labels=("Risk Factors", "Market Risk"),
            headings=("Risks", "Risks Related to Our Business"),
            cues=any_of(
                r"\b(?:could|may|might)\b.{0,120}\b(?:advers|harm|materially|negativ|reduce|impair|disrupt|liabilit)", r"\bexposed to\b"
            ),
            needs=any_of(r"\b(?:risks?|could|may|might|exposed|exposure|depend\w*|subject to)\b"),
            most=3,
            first=3,
        ),
        Topic(
            "liquidity",
            labels=("Liquidity", "Cash Flow", "Debt", "Covenants", "Going Concern", "Dividends", "Share Repurchases"),
            cues=any_of(
                r"\bcash\b.{0,60}\b(?:provided|used|generated|equivalents)\b",
                r"\b(?:credit facility|notes due|borrow|dividends?|repurchase)",
                r"\bgoing concern\b",
            ),
            needs=any_of(FIGURE.pattern, r"\bgoing concern\b", r"\bsufficient\b"),
            most=3,
            first=2,
        ),
        Topic(
            "events",
            labels=(
                "Acquisitions and Divestitures",
                "Subsequent Events",
                "Legal Proceedings",
                "Restructuring",
                "Impairment",
                "Management Changes",
            ),
            cues=any_of(
                r"\b(?:acquired|acquisition of|completed|announced|divest|sold|agreed to|entered into|lawsuit|settle|resign|appointed)\b",
                r"\bsubsequent to\b",
            ),
            needs=any_of(
                r"\b(?:19|20)\d\d\b", r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
            ),
            avoids=any_of(r"\b(?:may|might|could|would|from time to time|measurement period|determined that no|in each case)\b"),
            most=3,
            first=4,
        ),
    ),
)

PAPER = Plan(
    salient=0.2,
    labels="paper",
    topics=(
        Topic(
            "problem",
            labels=("Problem", "Research Question"),
            cues=any_of(
                r"\b(?:problem|challeng|difficult|lack|gap|unknown|unclear|fail|crucial|expensive|hard to|open question|need)\w*\b",
                r"\b(?:is|are|remains?|have been|has been) (?:important|limited|limited to|central|needed|required|not)\b",
                r"\b(?:task|goal|aim) (?:of|is)\b",
                r"\bwe (?:want|wish|aim|ask|are interested)\b",
            ),
            avoids=any_of(r"\b(?:we|our) (?:propose|present|introduce|show|achieve)"),
            early=True,
            most=2,
            first=2,
        ),
        Topic(
            "contribution",
            labels=("Contribution",),
            cues=any_of(
                r"\b(?:we|this (?:paper|work|article|study)|our (?:work|paper|approach|main contribution))\b.{0,60}"
                r"\b(?:propos|present|introduc|describ|develop|demonstrat|investigat|address|contribut|explor|examin|stud|report)",
                r"\b(?:novel|new) (?:approach|method|model|framework|algorithm|technique|system|corpus|dataset)",
                r"\bcontributions? (?:of this|are|is)\b",
            ),
            needs=any_of(r"\b(?:we|our|this (?:paper|work|article|study)|the paper|authors?)\b"),
            avoids=any_of(r"\bsections? \d", r"\borgani[sz]ed as\b", r"\bnext section\b"),
            early=True,
            most=2,
            first=0,
        ),
        Topic(
            "method",
            labels=("Method", "Data"),
            cues=any_of(
                r"\b(?:we|our)\b.{0,40}\b(?:use|train|appl|employ|model|combin|comput|extract|construct|build|learn|estimat|formulat)",
                r"\b(?:we|our)\b.{0,40}\b(?:annotat|collect|measur|represent|defin|treat|convert|assign|select|divid)",
                r"\b(?:consists? of|(?:is|are) based on|(?:is|are|was|were) trained|participants|algorithm|corpus|dataset|data set)\b",
            ),
            avoids=any_of(r"\b(?:would|might|could|future)\b", r"\b(?:outperform|significantly)\w*"),
            most=3,
            first=3,
        ),
        Topic(
            "results",
            labels=("Result", "Conclusion", "Analysis"),
            cues=any_of(
                r"\b(?:outperform|improv|achiev|reach|obtain|accuracy|precision|recall|f-?(?:1|score|measure)|bleu|rouge|significant|result|show|found|find)",
                MEASURED.pattern,
            ),
            needs=any_of(
                MEASURED.pattern,
                r"\b(?:outperform|improve|achieve|result|show|demonstrate|found|find|effective|better|significant|conclude|indicate|suggest)\w*",
            ),
            avoids=any_of(r"\bwill (?:show|present|discuss)\b", r"\bsections? \d", r"\b(?:would|might|could)\b"),
            most=3,
            first=1,
        ),
        Topic(
            "limits",
            labels=("Limitation", "Future Work"),
            cues=any_of(
                r"\blimitation",
                r"\bfuture (?:work|research)\b",
                r"\bwe (?:plan|intend|hope|would like)\b",
                r"\bremain",
                r"\bdoes not\b",
                r"\bcannot\b",
            ),
            needs=any_of(
                r"\b(?:limit\w*|future|plan|intend|hope|remains?|not|cannot|however|further|only|drawback\w*|would like)\b",
            ),
            most=2,
            first=4,
        ),
    ),
)

PLAIN = Plan(topics=())

PLANS: dict[Domain, Plan] = {"legal": CONTRACT, "financial": FILING, "research": PAPER, "plain": PLAIN}


def plan_of(document: Document) -> Plan:
    """The plan of the document's domain; what people say about results on a call is told otherwise than what they file."""
    return CALL if document.domain == "financial" and spoken(document.text) else PLANS[document.domain]
