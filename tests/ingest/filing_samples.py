"""Filings made for the tests in the manner of those that EDGAR publishes: an annual report with inline XBRL, one of the nineties in
plain text, and a full submission. The company and its figures are invented; the statements add up."""

from __future__ import annotations

import binascii
from collections.abc import Sequence

FONT = "font-family:'Helvetica',sans-serif;font-size:9pt;line-height:100%;color:#000000"
PLAIN, BOLD = f"{FONT};font-weight:400", f"{FONT};font-weight:700"
COMPANY = "Harrow Valve Corporation"

HEAD = """<?xml version='1.0' encoding='ASCII'?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2013/inlineXBRL"
 xmlns:ixt="http://www.xbrl.org/inlineXBRL/transformation/2020-02-12" xmlns:ixt-sec="http://www.sec.gov/inlineXBRL/transformation/2015-08-31"
 xmlns:xbrli="http://www.xbrl.org/2003/instance" xmlns:xbrldi="http://xbrl.org/2006/xbrldi" xmlns:us-gaap="http://fasb.org/us-gaap/2024"
 xmlns:dei="http://xbrl.sec.gov/dei/2024" xmlns:hvc="http://www.harrowvalve.example/20240630" xml:lang="en-US">
<head><meta http-equiv="Content-Type" content="text/html"/><title>hvc-20240630</title></head><body>
"""


def context(name: str, period: str, *dimensions: tuple[str, str]) -> str:
    """An `xbrli:context`; `period` is an instant, or a start and an end with a slash between."""
    start, slash, end = period.partition("/")
    dates = (
        f"<xbrli:startDate>{start}</xbrli:startDate><xbrli:endDate>{end}</xbrli:endDate>"
        if slash
        else f"<xbrli:instant>{start}</xbrli:instant>"
    )
    members = "".join(f'<xbrldi:explicitMember dimension="{axis}">{member}</xbrldi:explicitMember>' for axis, member in dimensions)
    segment = f"<xbrli:segment>{members}</xbrli:segment>" if members else ""
    return (
        f'<xbrli:context id="{name}"><xbrli:entity><xbrli:identifier scheme="http://www.sec.gov/CIK">0009999999</xbrli:identifier>'
        f"{segment}</xbrli:entity><xbrli:period>{dates}</xbrli:period></xbrli:context>"
    )


def header(hidden: str = "") -> str:
    """The part of a filing that no one sees: hidden facts, contexts, units."""
    contexts = "".join(
        [
            context("c-1", "2023-07-01/2024-06-30"),
            context("c-2", "2024-06-30"),
            context("c-3", "2023-06-30"),
            context("c-4", "2022-07-01/2023-06-30"),
            context("c-5", "2023-07-01/2024-06-30", ("srt:ProductOrServiceAxis", "hvc:GateValvesMember")),
            context("c-6", "2023-07-01/2024-06-30", ("srt:ProductOrServiceAxis", "us-gaap:ServiceMember")),
        ]
    )
    return (
        '<div style="display:none"><ix:header><ix:hidden>'
        '<ix:nonNumeric contextRef="c-1" name="dei:EntityCentralIndexKey" id="f-1">0009999999</ix:nonNumeric>'
        '<ix:nonNumeric contextRef="c-1" name="dei:AmendmentFlag" format="ixt:fixed-false" id="f-2">unwritten</ix:nonNumeric>'
        '<ix:nonNumeric contextRef="c-1" name="dei:EntityFilerCategory" id="f-3">Accelerated Filer</ix:nonNumeric>'
        f"{hidden}</ix:hidden>"
        '<ix:references><link:schemaRef xlink:href="hvc-20240630.xsd"/></ix:references>'
        f"<ix:resources>{contexts}"
        '<xbrli:unit id="usd"><xbrli:measure>iso4217:USD</xbrli:measure></xbrli:unit>'
        '<xbrli:unit id="shares"><xbrli:measure>xbrli:shares</xbrli:measure></xbrli:unit>'
        '<xbrli:unit id="usdPerShare"><xbrli:divide><xbrli:unitNumerator><xbrli:measure>iso4217:USD</xbrli:measure></xbrli:unitNumerator>'
        "<xbrli:unitDenominator><xbrli:measure>xbrli:shares</xbrli:measure></xbrli:unitDenominator></xbrli:divide></xbrli:unit>"
        "</ix:resources></ix:header></div>"
    )


def span(text: str, style: str = PLAIN) -> str:
    """Text in the style of a filing."""
    return f'<span style="{style}">{text}</span>'


def paragraph(text: str, style: str = PLAIN) -> str:
    """A paragraph, which in filings is a `div`."""
    return f'<div style="margin-top:6pt;text-align:justify">{span(text, style)}</div>\n'


def page_end(number: str, last: bool = False) -> str:
    """The foot of a page: footer with page number, rule with a break; and the head of the next, a link back to the contents."""
    foot = (
        '<div style="height:36pt;position:relative;width:100%"><div style="bottom:0;position:absolute;width:100%">'
        '<div style="text-align:center">'
        f"{span(f'{COMPANY} | 2024 Form 10-K | {number}')}</div></div></div>"
    )
    head = (
        '<div style="min-height:36pt;width:100%"><div><span style="font-size:8pt"><a href="#toc">Table of Contents</a></span></div></div>'
    )
    return foot + ("" if last else f'<hr style="page-break-after:always"/>{head}')


def number(name: str, context_name: str, shown: str, *, scale: int = 3, unit: str = "usd", sign: str = "", decimals: str = "-3") -> str:
    """An `ix:nonFraction`."""
    signed = ' sign="-"' if sign else ""
    form = "ixt:fixed-zero" if shown == "&#8212;" else "ixt:num-dot-decimal"
    return (
        f'<ix:nonFraction unitRef="{unit}" contextRef="{context_name}" decimals="{decimals}" name="{name}" format="{form}" scale="{scale}"'
        f"{signed}>{shown}</ix:nonFraction>"
    )


def statement(heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    """A statement as filed: nine grid columns, three for the label and three for each figure, "$" and ")" in cells of their own.

    A row is a label alone, or a label, and for each column a figure: its markup, before it "$" where it has one, behind it ")".
    """
    width = "".join('<td style="width:1.0%"/><td style="width:40%"/><td style="width:0.1%"/>' for _ in range(1 + len(heads)))
    lines = [f"<tr>{width}</tr>", '<tr><td colspan="3" style="padding:0 1pt"/>']
    lines += [f'<td colspan="3" style="text-align:center">{span(head, BOLD)}</td>' for head in heads]
    lines.append("</tr>")
    for label, *figures in rows:
        lines.append(f'<tr><td colspan="3" style="padding:2px 1pt 2px 7pt"><div>{span(label)}</div></td>')
        for figure in figures:
            closing = f"<td>{span(')')}</td>" if figure.endswith(")") else '<td style="padding:2px 0"/>'
            inner = figure.removesuffix(")")
            if inner.startswith("$"):
                lines.append(f"<td>{span('$')}</td><td>{span(inner[1:] + '&#160;')}</td>{closing}")
            else:
                lines.append(f'<td colspan="2" style="text-align:right">{span(inner)}</td>{closing}')
        lines += ['<td colspan="3" style="padding:0 1pt"/>'] * (2 * len(heads) - 2 * len(figures)) + ["</tr>"]
    return f'<div><table style="border-collapse:collapse;width:100%">{"".join(lines)}</table></div>\n'


def balance_sheet() -> str:
    """Figures in thousands; every one an inline fact."""

    def pair(label: str, concept: str, now: str, then: str, dollar: bool = False, sign: str = "") -> tuple[str, ...]:
        lead, opening, closing = ("$" if dollar else ""), ("(" if sign else ""), (")" if sign else "")
        return (
            label,
            f"{lead}{opening}{number(concept, 'c-2', now, sign=sign)}{closing}",
            f"{lead}{opening}{number(concept, 'c-3', then, sign=sign)}{closing}",
        )

    return statement(
        ["June 30,<br/>2024", "June 30,<br/>2023"],
        [
            ("ASSETS:",),
            pair("Cash and cash equivalents", "us-gaap:CashAndCashEquivalentsAtCarryingValue", "48,201", "39,774", dollar=True),
            pair("Inventories", "us-gaap:InventoryNet", "112,480", "120,365"),
            pair("Restricted cash", "us-gaap:RestrictedCash", "&#8212;", "2,500"),
            pair("Total assets", "us-gaap:Assets", "160,681", "162,639", dollar=True),
            ("LIABILITIES AND SHAREHOLDERS&#8217; EQUITY:",),
            pair("Accounts payable", "us-gaap:AccountsPayableCurrent", "71,060", "74,115", dollar=True),
            pair("Common stock", "us-gaap:CommonStockValue", "100,000", "100,000"),
            pair("Accumulated deficit", "us-gaap:RetainedEarningsAccumulatedDeficit", "10,379", "11,476", sign="-"),
            pair("Total liabilities and equity", "us-gaap:LiabilitiesAndStockholdersEquity", "160,681", "162,639", dollar=True),
        ],
    )


def bullet(text: str) -> str:
    """A bullet as filings lay it out: a table of one row with an empty cell for the indent."""
    return (
        '<table style="width:100%"><tr><td style="width:4%">&#160;</td><td style="width:2%;vertical-align:top">&#8226;</td>'
        f"<td>{text}</td></tr></table>"
    )


def cover() -> str:
    """The cover page: check boxes in Wingdings, states and numbers with what they are below them."""
    return "".join(
        [
            '<div style="text-align:center">' + span("UNITED STATES", BOLD) + "</div>",
            '<div style="text-align:center">' + span("SECURITIES AND EXCHANGE COMMISSION", BOLD) + "</div>",
            '<div style="text-align:center">FORM <ix:nonNumeric contextRef="c-1" name="dei:DocumentType">10-K</ix:nonNumeric></div>',
            '<div><span style="font-family:Wingdings">&#254;</span> ANNUAL REPORT PURSUANT TO SECTION 13 OR 15(d)</div>',
            '<div>For the fiscal year ended <ix:nonNumeric contextRef="c-1" name="dei:DocumentPeriodEndDate"'
            ' format="ixt:date-monthname-day-year-en">June 30, 2024</ix:nonNumeric></div>',
            f'<div><ix:nonNumeric contextRef="c-1" name="dei:EntityRegistrantName">{COMPANY}</ix:nonNumeric></div>',
            "<table><tr><td>Delaware</td><td></td><td>99-9999999</td></tr><tr><td>(State of incorporation)</td><td></td>"
            "<td>(I.R.S. Employer Identification No.)</td></tr></table>",
            "<table><tr><td>Title of each class</td><td></td><td>Trading symbol</td><td>Name of exchange</td></tr>"
            "<tr><td>Common Stock, $0.01 par value</td><td></td><td>HVC</td><td>The Nasdaq Stock Market LLC</td></tr></table>",
            '<table><tr><td>Large accelerated filer</td><td>&#9744;</td><td><span style="-sec-ix-hidden:f-3">Accelerated filer</span></td>'
            "<td>&#9746;</td></tr></table>",
            '<div><ix:nonFraction contextRef="c-2" name="dei:EntityCommonStockSharesOutstanding" unitRef="shares" decimals="-3" scale="3"'
            ' format="ixt:num-dot-decimal">25,340</ix:nonFraction> thousand shares were outstanding.</div>',
        ]
    )


def annual_report() -> bytes:
    """Four pages of a 10-K as filed."""
    contents = (
        '<div id="toc" style="text-align:center">' + span("TABLE OF CONTENTS", BOLD) + "</div><table><tr><td>Item 1.</td>"
        '<td><a href="#i1">Business</a></td><td>2</td></tr>'
        '<tr><td>Item 8.</td><td><a href="#i8">Financial Statements</a></td><td>3</td></tr></table>'
    )
    business = (
        '<table id="i1"><tr><td>'
        + span("Item 1.", BOLD)
        + "</td><td>"
        + span("Business", BOLD)
        + "</td></tr></table>"
        + paragraph("The Company makes gate valves for waterworks. Its strategy rests on two things:")
        + bullet("a foundry of its own; and")
        + bullet("long contracts with cities.")
        + paragraph("Orders depend on public budgets, which are set once a year and which the Company")
    )
    rest = (
        paragraph("cannot influence. No customer makes up more than a tenth of net sales.")
        + '<div id="i8">'
        + span("Item 8.&#160;&#160;&#160;&#160;Financial Statements", BOLD)
        + "</div>"
        + '<div style="text-align:center">'
        + span("CONSOLIDATED BALANCE SHEETS", BOLD)
        + "</div>"
        + '<div style="text-align:center">'
        + span("(In thousands)")
        + "</div>"
        + balance_sheet()
    )
    notes = (
        "<div>" + span("Note 1 &#8211; Revenue", BOLD) + "</div>"
        '<ix:nonNumeric contextRef="c-1" name="us-gaap:RevenueFromContractWithCustomerTextBlock" id="f-90" continuedAt="f-91">'
        + paragraph(
            "Net sales of gate valves were $"
            + number("us-gaap:Revenues", "c-5", "188.4", scale=6, decimals="-5")
            + " million. A loss of $"
            + number("us-gaap:GainLossOnDispositionOfAssets", "c-1", "1.2", scale=6, sign="-", decimals="-5")
            + " million arose. Contracts run for "
            '<ix:nonNumeric contextRef="c-1" name="hvc:ContractTerm" format="ixt-sec:durwordsen">five years</ix:nonNumeric>.'
        )
        + "</ix:nonNumeric>"
    )
    continued = (
        '<ix:continuation id="f-91">'
        + paragraph("Services are paid for when they are done; basic earnings were $"
                    + number("us-gaap:EarningsPerShareBasic", "c-1", "0.43", scale=0, unit="usdPerShare", decimals="2") + " a share.")
        + "</ix:continuation>"
        "<table><tr><td></td><td>" + COMPANY.upper() + "</td></tr><tr><td>Date: August 20, 2024</td><td>By: /s/ Ada Birch</td></tr>"
        "<tr><td></td><td>Name: Ada Birch</td></tr><tr><td></td><td>Title: Chief Financial Officer</td></tr></table>"
    )  # fmt: skip
    pages = [cover() + contents, business, rest, notes, continued]
    body = "".join(page + page_end(str(place), place == len(pages)) for place, page in enumerate(pages, 1))
    return (HEAD + header() + body + "</body></html>").encode("ascii", "xmlcharrefreplace")


OLD_FILING = """<PAGE>

                       SECURITIES AND EXCHANGE COMMISSION
                            WASHINGTON, D.C. 20549

                                   FORM 10-K

                           OAKHAM MILLS, INC.
             (Exact name of registrant as specified in its charter)

                                     PART I

ITEM 1.  BUSINESS

     Oakham Mills, Inc. (the "Company") spins cotton yarn in three mills. The
Company employed 640 people on December 31, 1996.

                                       1
<PAGE>

ITEM 8.  FINANCIAL STATEMENTS

                           CONSOLIDATED BALANCE SHEETS
                                 (In thousands)

<TABLE>
<CAPTION>
                                               December 31,
                                            1996          1995
                                         ----------    ----------
<S>                                      <C>           <C>
Cash...................................  $   4,120     $   3,905
Inventories............................     18,377        17,240
                                         ----------    ----------
     Total assets......................  $  22,497     $  21,145
                                         ==========    ==========
</TABLE>

See accompanying notes.

                                       2
<PAGE>

                                   SIGNATURES

     Pursuant to the requirements of the Securities Exchange Act of 1934, the
registrant has duly caused this report to be signed on its behalf.

                                       3
"""

SUBMISSION_HEAD = """<SEC-DOCUMENT>0009999999-24-000012.txt : 20240820
<SEC-HEADER>0009999999-24-000012.hdr.sgml : 20240820
<ACCEPTANCE-DATETIME>20240820161500
ACCESSION NUMBER:\t\t0009999999-24-000012
CONFORMED SUBMISSION TYPE:\t10-K
PUBLIC DOCUMENT COUNT:\t\t5
CONFORMED PERIOD OF REPORT:\t20240630
FILED AS OF DATE:\t\t20240820

FILER:

\tCOMPANY DATA:\t
\t\tCOMPANY CONFORMED NAME:\t\t\tHARROW VALVE CORP
\t\tCENTRAL INDEX KEY:\t\t\t0009999999
\t\tSTATE OF INCORPORATION:\t\t\tDE
\t\tFISCAL YEAR END:\t\t\t0630
</SEC-HEADER>
"""


def uuencoded(data: bytes, name: str) -> bytes:
    """Bytes as a submission holds them."""
    lines = [binascii.b2a_uu(data[place : place + 45]) for place in range(0, len(data), 45)]
    return f"begin 644 {name}\n".encode() + b"".join(lines) + b"`\nend\n"


def wrapped(kind: str, number_: int, name: str, text: bytes, description: str = "") -> bytes:
    """A document in the wrapper of a submission."""
    told = f"<DESCRIPTION>{description}\n" if description else ""
    return f"<DOCUMENT>\n<TYPE>{kind}\n<SEQUENCE>{number_}\n<FILENAME>{name}\n{told}<TEXT>\n".encode() + text + b"\n</TEXT>\n</DOCUMENT>\n"


EXHIBIT = b"<html><body><p><b>SUPPLY AGREEMENT</b></p><p>The Seller shall deliver valves.</p></body></html>"


def submission(pdf: bytes = b"%PDF-1.4 made up") -> bytes:
    """A full submission: report, exhibit in HTML, exhibit in text, a PDF, a picture, the XBRL schema."""
    return (
        SUBMISSION_HEAD.encode()
        + wrapped("10-K", 1, "hvc-20240630.htm", b"<XBRL>\n" + annual_report() + b"\n</XBRL>", "ANNUAL REPORT")
        + wrapped("EX-10.1", 2, "hvc-ex101.htm", EXHIBIT, "SUPPLY AGREEMENT")
        + wrapped("EX-99.1", 3, "hvc-ex991.txt", b"Letter to shareholders.\n\nThe year was good.\n")
        + wrapped("EX-99.2", 4, "hvc-ex992.pdf", b"<PDF>\n" + uuencoded(pdf, "hvc-ex992.pdf") + b"</PDF>")
        + wrapped("GRAPHIC", 5, "logo.jpg", uuencoded(b"\xff\xd8\xff\xe0 picture", "logo.jpg"))
        + wrapped("EX-101.SCH", 6, "hvc-20240630.xsd", b"<XBRL>\n<schema/>\n</XBRL>")
        + b"</SEC-DOCUMENT>\n"
    )
