#!/usr/bin/env bash
# What longdoc does, shown on the documents beside this script. Called by `make demo`, which puts longdoc on the PATH.
# Results and the corpus go to out/demo; run it again and only what changed is read again.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v longdoc >/dev/null || { echo "longdoc is not on the PATH: use make demo" >&2; exit 2; }

out=out/demo
mkdir -p "$out"
export LONGDOC_STORE="$out/corpus"
documents=examples/documents
agreement=$documents/services-agreement.pdf

say() { printf '\n# %s\n' "$*"; }
run() {
    printf '$'
    local argument
    for argument in "$@"; do
        if [[ $argument =~ [^A-Za-z0-9_./:=-] ]]; then printf ' "%s"' "$argument"; else printf ' %s' "$argument"; fi
    done
    printf '\n\n'
    "$@"
}

say "A folder of six documents in five formats is read once. All names and figures in them are invented."
run longdoc ingest "$documents"

say "What is in it? Each sentence is the document's own; the right column says where it stands."
run longdoc summarize "$documents" --sentences 3

say "The clauses that a lawyer would look for first, with the value that each one sets."
run longdoc extract "$agreement" --min-score 0.5 --label "Agreement Date" --label "Expiration Date" --label "Renewal Term" \
    --label "Notice Period To Terminate Renewal" --label "Governing Law" --label "Anti-Assignment" --label "Minimum Commitment" \
    --label "Cap On Liability" --label "Audit Rights"

say "Search by words and by meaning."
run longdoc search "$documents" "what happens to data after the contract ends" -k 3

say "A question, answered in the documents' own words."
run longdoc ask "$agreement" "When must Supplier report a security incident?"

say "A figure that stands nowhere, reckoned from the statements that it rests on."
run longdoc ask "$documents/annual-report.html" "What was the operating margin in 2023?"

say "A question that the documents do not answer."
run longdoc ask "$documents" "What is the maximum speed of the delivery drones?"

say "Back to the source: a passage in its surroundings, and its page as a picture with the passage marked."
passage=$(longdoc extract "$agreement" --label "Cap On Liability" --format csv --quiet |
    python -c 'import csv, sys; print(next("{path}:{start}-{end}".format(**row) for row in csv.DictReader(sys.stdin) if row["value"]))')
run longdoc show "$passage" --png "$out/cap-on-liability.png"

say "Is the contract as we want it? A verdict a rule of a playbook; the amendment beside it is taken into account."
run longdoc review "$agreement" "$documents/services-agreement-amendment-1.txt" --playbook vendor_services --fail-on never \
    --format table,html,xlsx --out "$out/review/"
cat "$out/review/review.txt"

cat <<END

# Where to go from here

The picture of the page is $out/cap-on-liability.png, the review to read and decide in is $out/review/review.html. Try next, with your own folder in place of contracts:

  source .venv/bin/activate
  longdoc summarize contracts
  longdoc extract contracts --format csv --out clauses.csv
  longdoc extract $agreement --labels examples/labels/vendor.yaml
  longdoc ask contracts "Which law governs?"
  longdoc review contracts --playbook vendor_services --format html --out review.html
  python examples/own_labels.py
END
