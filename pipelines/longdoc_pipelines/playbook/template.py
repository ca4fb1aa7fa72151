"""What `longdoc playbook new` writes."""

TEMPLATE = """\
# A playbook: what is wanted of every document, and how it is told. `longdoc playbook schema` has every key.
playbook: my_playbook
version: "1.0"
description: What we want of our contracts.
domain: legal                 # legal, financial, research or plain
label_set: cuad               # rules name its labels; `labels:` adds your own
review_below: 0.75            # confidence below which a person is asked

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
"""
