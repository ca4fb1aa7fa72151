"""What `longdoc playbook new` writes."""

TEMPLATE = """\
# A playbook: what is wanted of every document, and how it is told. `longdoc playbook schema` has every key.
playbook: my_playbook
version: "1.0"
description: What we want of our contracts.
domain: legal                 # legal, financial, research or plain
label_set: cuad               # rules name its labels; `labels:` adds your own
review_below: 0.75            # confidence below which a person is asked
labels:                       # what no shipped label is about, in the words of contracts
  - name: Payment Term
    description: within how long after an invoice a party must pay it
    answer: duration
    examples:
      - Customer shall pay each invoice within thirty (30) days after it receives the invoice.
      - All invoices are due and payable net forty-five (45) days from the date of the invoice.

rules:
  - id: LAW-01
    title: Governed by the law of New York or Delaware
    label: Governing Law
    requirement: required     # required, preferred, forbidden or conditional
    values: {governing_law: jurisdiction}
    test: {governing_law: {in: [New York, Delaware]}}
    positions:
      fallback: {test: {governing_law: {in: [California, England]}}}
    severity: high            # info, low, medium, high or critical
    rationale: Disputes are heard under a law that our counsel knows.
    escalation: Head of Legal
    examples:
      - text: This Agreement is governed by the laws of the State of New York.
        verdict: compliant
      - text: This Agreement is governed by the laws of England.
        verdict: fallback
      - text: This Agreement is governed by the laws of the State of Texas.
        verdict: violation

  - id: REN-01
    title: Notice that stops a renewal is at most 60 days
    label: Notice Period To Terminate Renewal
    requirement: conditional  # tested where the clause is there
    values: {notice_period: duration}
    test: {notice_period: {max: 60 days}}
    severity: medium
    examples:
      - text: >-
          This Agreement renews automatically for successive terms of one (1) year unless either party gives written notice of non-renewal
          at least thirty (30) days before the end of the then current term.
        verdict: compliant

  - id: NCP-01
    title: No covenant not to compete
    label: Non-Compete
    requirement: forbidden
    severity: high
    waivers: []               # - {document: "acme-*.pdf", owner: "J. Roe", expires: 2027-06-30, reason: agreed in 2024}
    examples:
      - text: >-
          During the Term and for two (2) years thereafter, Distributor shall not manufacture, market or sell any product that competes
          with the Products.
        verdict: violation

  - id: ASG-01
    title: Assignment needs our consent
    label: Anti-Assignment
    requirement: preferred    # its want is a fallback, not a fault
    positions:                # passages are likened to their words
      preferred: {text: Neither party may assign this Agreement without the prior written consent of the other party.}
      walk_away: {text: Supplier may assign this Agreement freely and without the consent of Customer.}
    severity: low
    references: [Contracting policy 4.2]
    examples:
      - text: Neither party shall assign or transfer this Agreement without the prior written consent of the other party.
        verdict: compliant

  - id: PAY-01
    title: Invoices are paid within 30 to 60 days
    label: Payment Term       # a label of this playbook, above
    applies_to: {side: [customer]}
    values: {payment_period: duration}
    test: {all: [{payment_period: {min: 30 days}}, {payment_period: {max: 60 days}}]}
    examples:
      - text: Customer shall pay each invoice within forty-five (45) days after it receives the invoice.
        verdict: compliant
      - text: Customer shall pay each invoice within ten (10) days after it receives the invoice.
        verdict: violation

  - id: MIN-01
    title: Where we are exclusive, a minimum is agreed
    label: Minimum Commitment
    requirement: required
    when: {exclusive: {equals: true}}
    values:
      exclusive: {read: yes_no, label: Exclusivity}
    examples:
      - text: The parties meet once a year.
        verdict: not_applicable
"""
